"""What things are made of: how each material reflects, warms up and scatters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .noise import Floats

Spectrum = tuple[float, ...]


class Material(NamedTuple):
    """Reflectances are linear and typical of the kind, at about 660, 560, 480, 850 and 1650 nm."""

    name: str
    reflectance: Spectrum  # red, green, blue, nir, swir
    change: Spectrum  # the direction in which it varies from place to place, say a meadow towards dry grass
    coarse: float  # how strongly it varies over tens of pixels, in units of `change`
    fine: float  # how strongly it varies from pixel to pixel
    emissivity: float
    warmth: float  # K above the air without sun
    heating: float  # K gained in full sun
    inertia: float  # 0: follows the sun at once; 1: knows only the mean of the day
    backscatter: float  # sigma nought, linear, co-polarised C band


# name, reflectance | change | coarse, fine | emissivity, warmth, heating, inertia | backscatter
TABLE = """
grass             .07 .102  .05   .5  .25 |   .05  .035  .018  -.05   .08 | .6 .35 |  .98   0  8 .2 |   .08
lawn              .06 .094 .046  .54  .23 |   .03  .026  .012  -.04   .05 | .5  .3 |  .98   0  7 .2 |   .06
dry_grass        .235 .195  .11  .35   .4 |   .06   .04   .03   .03   .05 | .7  .4 |  .96   0 11 .1 |   .06
crop             .046 .082 .036  .53  .21 |   .04  .028  .016   -.1   .06 | .5 .25 |  .98  -2  5 .2 |   .13
wheat             .33  .26 .135  .42  .38 |   .05  .036  .024   .04   .04 | .5  .3 |  .97   0  6 .1 |   .07
rapeseed          .37  .35  .05  .54  .25 |   .07   .05   .01   .03   .03 | .5  .3 |  .98  -2  5 .2 |   .16
heather           .13 .085 .165  .42  .24 |  .035   .03   .05   .04   .04 | .5  .4 |  .98  -1  6 .2 |   .09
stubble           .26  .21 .135  .33  .38 |   .06  .045   .03   .06   .06 | .5 .45 |  .96   0 11 .2 |   .07
soil              .13 .093 .062  .19  .29 |  .045  .033  .022   .06   .08 | .7  .4 |  .95   1 17 .4 |   .09
pale_soil         .29 .225 .155  .36  .43 |   .07  .055   .04   .08   .08 | .7  .4 |  .95   0 12 .4 |   .06
sand              .46 .385 .275  .52  .58 |   .06  .055  .045   .06   .05 | .6 .25 |  .93   0 16 .4 |  .025
gravel           .285 .265 .235  .32  .36 |   .06  .056   .05   .06   .06 | .5  .7 |  .95   1 14 .5 |   .06
rock              .23  .22   .2  .27  .32 |   .07  .066   .06   .08   .08 | .8  .6 |  .95   1 12 .7 |   .12
deciduous         .05 .074 .038   .5  .21 |   .05  .022  .004   .04   .05 | .4  .8 |  .98  -1  4 .1 |   .19
copper_beech     .058 .036 .036  .46   .2 |  .022   .01  .008   .05   .04 | .4  .8 |  .98  -1  4 .1 |   .19
conifer           .03 .043 .026  .27  .11 |  .012  .018  .008   .06   .03 | .4  .8 |  .98  -1  4 .1 |   .17
shrub             .06 .085 .036  .38  .22 |   .03   .03  .014   .04   .05 | .6  .8 |  .97  -1  5 .1 |   .14
reed              .13  .13 .065  .33  .18 |   .05   .04  .024   .04   .04 | .6  .5 |  .97  -3  4 .3 |   .11
water            .018 .034  .04  .01 .005 |   .01  .013  .011  .004  .002 | .5 .12 | .985  -4  1  1 |  .006
turbid_water     .085 .105  .07 .035 .007 |  .025  .026   .02  .012  .002 | .6  .1 | .985  -5  1  1 |  .007
pool              .15  .42   .5 .045 .006 |   .03   .05   .05   .01  .002 | .2  .3 | .985  -3  1  1 |  .005
asphalt          .094 .092  .09   .1  .13 |  .024  .024  .024  .027   .03 | .5 .35 |  .95   2 17 .6 |  .014
concrete          .35 .335   .3  .39  .41 |  .055  .054  .052  .055   .05 | .5  .3 |  .93   0  9 .7 |   .03
pavers            .27 .225 .195  .32  .35 |  .055  .045   .04   .06   .05 | .4  .5 |  .94   0 11 .6 |   .04
marking           .74 .735   .7  .74  .58 |  .089  .088  .084  .089   .07 | .5  .4 |  .92   2 12 .6 |  .016
artificial_turf  .038  .11 .042  .13  .16 |  .006  .017  .006  .019  .024 | .3  .2 |  .95   2 24  0 |   .04
running_track     .34 .105 .075   .4  .36 |  .041  .013  .009  .048  .043 | .4  .2 |  .94   2 18 .3 |   .02
roof_tile         .29 .125 .082  .36  .41 |   .06  .035  .025   .07   .06 | .4  .4 |  .92   1 15 .4 |    .3
roof_slate         .1 .102 .116  .12  .14 |  .024  .024  .027   .03   .03 | .4 .35 |  .92   1 20 .3 |    .3
roof_metal        .44 .465  .48  .43   .4 |  .066   .07  .072  .065   .06 | .4  .2 |   .6   1 14  0 |   .55
roof_bitumen     .062 .061  .06 .068  .07 |  .019  .018  .018   .02  .021 | .6  .3 |  .94   2 25 .2 |   .25
roof_membrane     .66  .66  .64  .64  .42 |  .079  .079  .077  .077   .05 | .6  .2 |   .9   0  7 .2 |   .25
solar_panel      .026  .03 .056 .055  .07 |  .003  .003  .006  .006  .007 | .3  .1 |  .88   2 21  0 |    .3
brick            .245 .125 .088  .34  .39 |   .06  .036  .026   .07   .06 | .4 .45 |  .93   1 12 .5 |   .35
plaster           .56  .52  .43   .6  .57 |  .056  .052  .043   .06  .057 | .6 .15 |  .92   1 11 .5 |   .35
ochre_plaster     .48  .35  .19  .55  .53 |  .058  .042  .023  .066  .064 | .6 .15 |  .92   1 12 .5 |   .35
green_plaster     .21   .3  .19  .38   .4 |  .025  .036  .023  .046  .048 | .6 .15 |  .92   1 12 .5 |   .35
blue_plaster      .19  .27  .36  .48  .44 |  .023  .032  .043  .058  .053 | .6 .15 |  .92   1 12 .5 |   .35
pink_plaster      .54  .33  .29   .6  .55 |  .065   .04  .035  .072  .066 | .6 .15 |  .92   1 12 .5 |   .35
glass            .055 .068 .078  .05  .05 |  .017   .02  .023  .015  .015 | .8 .05 |  .86   0  3 .3 |    .3
bark             .105 .088  .07  .26   .3 |  .032  .026  .021  .078   .09 | .4  .8 |  .95   0  5 .6 |   .15
metal             .29   .3  .31  .32  .32 |  .029   .03  .031  .032  .032 | .3  .2 |   .5   1 11  0 |    .9
paint_white       .72  .72   .7  .67  .52 |  .058  .058  .056  .054  .042 | .3  .1 |  .92   1  7  0 |    .7
paint_silver      .37  .38  .39  .39  .35 |  .037  .038  .039  .039  .035 | .3  .1 |  .88   1 11  0 |    .7
paint_black      .022 .022 .024 .036  .05 |  .007  .007  .007  .011  .015 | .3  .2 |  .93   2 21  0 |    .7
paint_red         .33 .034 .028   .5   .4 |   .04  .004  .003   .06  .048 | .3  .1 |  .92   1 15  0 |    .7
paint_blue       .034  .07  .24  .28   .3 |  .004  .008  .029  .034  .036 | .3  .1 |  .92   1 16  0 |    .7
paint_green       .03 .115  .06   .1  .12 |  .004  .014  .007  .012  .014 | .3  .1 |  .92   1 16  0 |    .7
rubber           .028 .028 .028 .034  .04 |  .006  .006  .006  .007  .008 | .2  .2 |  .94   6 12 .2 |   .05
skin               .4 .265 .195   .5  .12 |   .06   .04  .029  .075  .018 | .2  .2 |  .98  13  1  1 |   .15
dark_cloth       .036 .036 .048   .4  .34 |  .009  .009  .012    .1  .085 | .2  .4 |  .95   8  4 .3 |   .12
bright_cloth      .48   .4  .34   .6  .48 |  .072   .06  .051   .09  .072 | .2  .4 |  .95   8  3 .3 |   .12
sky               .17  .31  .64  .05  .01 |    .5   .42   .18   .34   .18 |  0   0 |    1  -7  0  1 | .0005
cloud              .8  .81  .83  .74  .55 |  .144  .146  .149  .133  .099 | .6 .02 |    1   0  0  1 | .0005
"""


def _material(line: str) -> Material:
    name, *cells = line.replace("|", " ").split()
    numbers = [float(cell) for cell in cells]
    return Material(name, tuple(numbers[:5]), tuple(numbers[5:10]), *numbers[10:])


MATERIALS: tuple[Material, ...] = tuple(_material(line) for line in TABLE.strip().splitlines())
INDEX: dict[str, int] = {material.name: index for index, material in enumerate(MATERIALS)}


def column(field: str) -> Floats:
    """One thermal, texture or radar property of every material, as a table to look up material numbers in."""
    return np.array([getattr(material, field) for material in MATERIALS], np.float32)


def spectra(field: str) -> Floats:
    """``reflectance`` or ``change``: one row a channel, one column a material."""
    return np.array([getattr(material, field) for material in MATERIALS], np.float32).T.copy()
