"""Tasks with known answers, a scripted model that errs as models do, and planners of one fixed shape."""
