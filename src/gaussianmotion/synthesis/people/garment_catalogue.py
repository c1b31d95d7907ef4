"""The wardrobe's catalogue: which assets become which garments, and how the others are cut.

MakeHuman's core assets hold suits (top and bottom together), which are split by connected
component. Tank tops, sweaters, shorts, dresses and skirts are cut out of the base mesh's helper
geometry.
"""

from dataclasses import dataclass

#: name: (asset, part, who wears it). Part "top" or "bottom" is the component higher or lower.
SPLIT_ASSETS = {
    "t-shirt:m": ("male_casualsuit06", "top", "m"),
    "t-shirt:m2": ("male_casualsuit04", "top", "m"),
    "t-shirt:f": ("female_casualsuit01", "top", "f"),
    "crop top:f": ("female_sportsuit01", "top", "f"),
    "long-sleeved shirt:m": ("male_casualsuit02", "top", "m"),
    "shirt:m": ("male_casualsuit03", "top", "m"),
    "shirt:f": ("female_elegantsuit01", "top", "f"),
    "suit jacket:m": ("male_elegantsuit01", "top", "m"),
    "suit trousers:m": ("male_elegantsuit01", "bottom", "m"),
    "jeans:m": ("male_casualsuit03", "bottom", "m"),
    "jeans:f": ("female_casualsuit01", "bottom", "f"),
    "trousers:m": ("male_casualsuit06", "bottom", "m"),
    "leggings:f": ("female_sportsuit01", "bottom", "f"),
    "shorts:f": ("female_casualsuit02", "bottom", "f"),
    "pencil skirt:f": ("female_elegantsuit01", "bottom", "f"),
}

SHOES = {
    "brown shoes": "shoes01", "black boots": "shoes03", "black shoes": "shoes04",
    "white sneakers": "shoes05", "blue sneakers": "shoes06",
}  # fmt: skip
HAIR = {
    "afro": "afro01", "bob": "bob01", "bob:2": "bob02", "braid": "Braid01", "long": "long01",
    "ponytail": "ponytail01", "short": "short01", "short:2": "short02", "short:3": "short03",
    "short:4": "short04",
}  # fmt: skip


@dataclass(frozen=True)
class Cut:
    """A garment cut from helper geometry; lengths in metres in the T-pose of the neutral adult."""

    kind: str
    region: str
    sleeve: float = 0.0
    """|x| where the sleeve ends; the shoulder joint is at .18, the elbow .45, the wrist .69."""
    hem: float = 0.0
    """y of the lower edge; hips -.05, knees -.45, ankles -.88."""
    waist: float = 9.0
    """y of the upper edge."""
    neck: float = 0.085
    """radius of the neck's opening."""
    inflate: float = 0.008
    skirt: bool = False
    """cut from helper-skirt below its waist."""
    flare: float = 0.0
    """how much wider the skirt is at the ankles."""
    sexes: str = "mf"


CUTS = {
    "tank top": Cut("tank top", "top", sleeve=0.15, hem=-0.03, neck=0.13, inflate=0.007),
    "sleeveless top": Cut("tank top", "top", sleeve=0.19, hem=0.0, neck=0.10, sexes="f"),
    "sweater": Cut("sweater", "top", sleeve=0.67, hem=-0.09, neck=0.075, inflate=0.018),
    "turtleneck": Cut("turtleneck sweater", "top", 0.68, -0.07, neck=0.0, inflate=0.012),
    "long t-shirt": Cut("t-shirt", "top", sleeve=0.36, hem=-0.08, neck=0.085, inflate=0.012),
    "blouse": Cut("blouse", "top", sleeve=0.66, hem=-0.04, neck=0.10, sexes="f"),
    "shorts": Cut("shorts", "bottom", hem=-0.40, waist=0.06, inflate=0.013),
    "slim trousers": Cut("trousers", "bottom", hem=-0.87, waist=0.07, inflate=0.011),
    "mini skirt": Cut("mini skirt", "bottom", hem=-0.28, skirt=True, flare=0.25, sexes="f"),
    "knee skirt": Cut("skirt", "bottom", hem=-0.45, skirt=True, flare=0.35, sexes="f"),
    "long skirt": Cut("long skirt", "bottom", hem=-0.80, skirt=True, flare=0.25, sexes="f"),
    "short dress": Cut("short dress", "dress", 0.16, -0.27, neck=0.125, skirt=True, flare=0.3),
    "short dress 2": Cut("short dress", "dress", 0.34, -0.30, neck=0.10, skirt=True, flare=0.2),
    "dress": Cut("dress", "dress", 0.15, -0.46, neck=0.125, skirt=True, flare=0.35),
    "dress 2": Cut("dress", "dress", 0.32, -0.48, neck=0.10, skirt=True, flare=0.3),
    "dress 3": Cut("dress", "dress", 0.66, -0.46, neck=0.09, skirt=True, flare=0.3),
    "long dress": Cut("long dress", "dress", 0.15, -0.83, neck=0.125, skirt=True, flare=0.3),
    "long dress 2": Cut("long dress", "dress", 0.66, -0.80, neck=0.10, skirt=True, flare=0.2),
}
#: Where the bodice of a dress meets the skirt.
DRESS_WAIST = -0.03
NECK_CENTRE = (0.0, 0.545, 0.01)


def sleeve_word(length: float) -> str:
    """What a caption calls sleeves that end at |x| = ``length`` metres of the T-pose."""
    return "sleeveless" if length < 0.2 else "short-sleeved" if length < 0.45 else "long-sleeved"
