"""How well a title fits what was typed, in nats.

The model is a noisy channel: how likely is it that somebody who means this title types that? Each odd thing (an
error, a word left out, beginning in mid-title) has a cost, each telling one (beginning with the title's first word,
typing it to its end) a gain. Popularity enters as the likelihood that the title is meant at all, so that "fit, then
popularity" is one sum. The values were tuned on typing sequences drawn with other seeds than those that
`make bench` reports.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from moviefinder.titles.vocabulary import Error


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The weights of the fit, in nats; the greater the less likely."""

    error: Mapping[Error, float] = field(
        default_factory=lambda: {
            Error.NONE: 0.0,
            Error.SWAPPED: 3.2,
            Error.MISSING: 3.2,
            Error.WRONG: 5.5,
            Error.EXTRA: 5.5,
        }
    )
    first_letter: float = 0.1  # on top: an error in the first letter
    short_word: float = 3.0  # on top: an error in a word of three letters or fewer
    unfinished: float = 4.8  # a word before the last is not typed to its end
    unfinished_last: float = 0.6  # the last word is not typed to its end
    other_number: float = 0.7  # "2" for "II"
    no_article: float = 4.0  # an article or "and" that the title has not
    joined: float = 4.3  # spaces are set in another way than in the title
    year: float = 0.6  # a word meant the year
    year_alone: float = 4.0  # the only word meant the year
    near_year: float = 4.0  # a word meant the year before or after
    year_begun: float = 2.0  # two or three digits meant a year
    left_out: float = 7.0  # a word fits nothing at all
    last_wrong: float = 10.0  # the one letter of the last word fits nothing
    twice: float = 4.0  # two words stand for the same word of the title
    alternative: float = 0.3  # not the main title
    uncovered: float = 0.9  # times the logarithm of the title's letters over the typed ones
    popularity: float = 0.7  # times the logarithm of the popularity rank
    rank_offset: float = 14.0  # added to the rank: the best known are nearly equal
    begins: float = 3.0  # gained: the title begins with what was typed
    equals: float = 0.7  # gained: and ends with it


COSTS = Costs()
