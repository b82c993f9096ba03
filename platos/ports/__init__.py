"""What a part promises and what it may use: the Protocols between Platos and its sources, tiers, models, tools,
planners and actors."""
