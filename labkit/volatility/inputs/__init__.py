"""The wide inputs: some 250 numbers of each stock and day, from daily prices and the calendar.

Every number of day t is made of prices up to the close of day t, of the sectors, and of which day
the exchange opens next, which its rules tell. A module a group; `wide` puts them side by side.
"""
