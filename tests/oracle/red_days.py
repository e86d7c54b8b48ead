"""Makes red_days_2020_2040.csv with the PyPI package `holidays`, which shares nothing with
our almanac. Run: pip install holidays==0.109 && python3 red_days.py > red_days_2020_2040.csv
"""

import holidays

YEARS = range(2020, 2041)


def sweden(*categories):
    return holidays.Sweden(
        years=YEARS, include_sundays=False, language="en_US", categories=categories
    )


red = sweden("public")
print(f"# Made by red_days.py with the PyPI package holidays {holidays.__version__}:")
print("# holidays.Sweden(include_sundays=False), categories public (red) and de_facto (eve).")
print("date,kind,name")
for date, name in sorted(sweden("public", "de_facto").items()):
    print(f"{date},{'red' if date in red else 'eve'},{name}")
