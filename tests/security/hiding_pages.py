"""
Ways for a page to hide what stands in it.
"""

from typing import Final

STYLES: Final = {
    "display": "display:none",
    "display, important": "display : none !important",
    "display, in a comment's clothes": "dis/**/play:none;display:/**/none",
    "display, escaped": "d\\69splay:none",
    "visibility": "visibility:hidden",
    "collapse": "visibility:collapse",
    "opacity": "opacity:0",
    "nearly transparent": "opacity:.01",
    "font size": "font-size:0",
    "tiny font": "font-size:1px",
    "tiny font in em": "font-size:.05em",
    "font shorthand": "font:0/0 serif",
    "white on white": "color:#fff",
    "nearly white": "color:rgb(250,250,250)",
    "same colour": "color:navy;background:#000080",
    "transparent ink": "color:transparent",
    "transparent fill": "-webkit-text-fill-color:rgba(0,0,0,0)",
    "off screen": "position:absolute;left:-9999px",
    "above the screen": "position:fixed;top:-200em",
    "text indent": "text-indent:-9999px",
    "margin": "margin-left:-3000px",
    "clip": "position:absolute;clip:rect(0,0,0,0)",
    "clip path": "clip-path:inset(100%)",
    "no height": "height:0;overflow:hidden",
    "one pixel": "width:1px;height:1px;overflow:hidden",
    "scaled away": "transform:scale(0)",
    "moved away": "transform:translateX(-9999px)",
    "content visibility": "content-visibility:hidden",
    "office": "mso-hide:all",
    "display, then a value that is none": "display:none;display:x",
    "visibility, then a value that is none": "visibility:hidden;visibility:x",
    "opacity, then a value that is none": "opacity:0;opacity:abc",
    "font size, then a value that is none": "font-size:0;font-size:abc",
    "colour, then a value that is none": "color:white;color:abc",
    "font size, then one in a unit that is none": "font-size:0;font-size:16x",
    "opacity in percent": "opacity:5%",
    "font shorthand with a weight": "font:italic 700 1px/1 serif",
    "font shorthand after a size": "font-size:16px;font:0/0 serif",
    "white in spaces": "color:rgb(255 255 255 / 1)",
    "white by hue": "color:hsl(0 0% 100%)",
    "white by lightness": "color:oklch(1 0 0)",
    "white in another space": "color:color(display-p3 1 1 1)",
    "white as a window": "color:Canvas",
    "background shorthand": "background:#123456 none;color:#123456",
    "background of its own ink": "background-color:currentColor",
    "cut off on one axis": "height:0;overflow-y:hidden",
    "cut off in two words": "height:0;overflow:hidden auto",
    "no line": "line-height:0;overflow:hidden",
    "pushed out of its box": "text-indent:100%;white-space:nowrap;overflow:hidden",
    "clip path from one side": "clip-path:inset(0 100% 0 0)",
    "clip path of one point": "clip-path:polygon(0px 0px,0px 0px,0px 0px)",
    "clip path of no size": "clip-path:rect(0 0 0 0)",
    "clip of no width": "position:absolute;clip:rect(5px,5px,20px,5px)",
    "squeezed": "transform:translateX(1px) scaleX(0)",
    "squeezed by a matrix": "transform:matrix(0,0,0,0,0,0)",
    "turned away": "transform:rotateY(90deg)",
    "moved by its property": "translate:-9999px",
    "far right": "position:absolute;left:9999px",
    "margins": "margin:0 0 0 -9999px",
    "inset": "position:absolute;inset:-9999px auto auto -9999px",
    "logical inset": "position:absolute;inset-inline-start:-9999px",
    "zoomed away": "zoom:.01",
    "filter": "filter:blur(0) opacity(.01)",
    "variable": "--x:none;display:var(--x)",
    "variable by default": "display:var(--nothing, none)",
}
MARKUP: Final = {
    "comment": "<!-- {} -->",
    "hidden attribute": "<p hidden>{}</p>",
    "hidden until found": '<p hidden="until-found">{}</p>',
    "aria-hidden": '<p aria-hidden="true">{}</p>',
    "template": "<template>{}</template>",
    "noscript": "<noscript>{}</noscript>",
    "script": "<script>/* {} */</script>",
    "meta": '<meta name="description" content="{}">',
    "title attribute": '<a href="/x" title="{}">link</a>',
    "data attribute": '<p data-note="{}">note</p>',
    "input": '<input type="hidden" value="{}">',
    "drawing": "<svg><text>{}</text></svg>",
    "canvas": "<canvas>{}</canvas>",
    "closed dialog": "<dialog>{}</dialog>",
    "popover": "<div popover>{}</div>",
    "font colour": '<font color="white">{}</font>',
    "background attribute": '<div bgcolor="#123456"><i style="color:#123456">{}</i></div>',
    "style sheet": "<style>.gone{{display:none}}</style><p class=gone>{}</p>",
    "style sheet, by colour": "<style>i em{{color:white}}</style><i>a<em>{}</em></i>",
    "style sheet, more specific": (
        "<style>p#a.b{{display:none}} p.b{{display:block}}</style><p id=a class=b>{}</p>"
    ),
    "folded": "<details><summary>More</summary><p>{}</p></details>",
    "folded, without an element": "<details><summary>More</summary>{}</details>",
    "embedding for old browsers": "<noembed>{}</noembed>",
    "parenthesis of ruby": "<ruby>a<rp>{}</rp></ruby>",
    "progress": "<progress value=1>{}</progress>",
    "annotation": "<math><semantics><mi>x</mi><annotation>{}</annotation></semantics></math>",
    "tiny by and by": (
        '<div style="font-size:.4em"><div style="font-size:40%"><p style="font:inherit">'
        '<b style="font-size:smaller">{}</b></p></div></div>'
    ),
    "style sheet, nested": "<style>div{{ p{{display:none}} }}</style><div><p>{}</p></div>",
    "style sheet, nested by a mark": (
        "<style>.a{{ &.b{{display:none}} }}</style><p class='a b'>{}</p>"
    ),
    "style sheet, nested media": (
        "<style>.a{{ @media screen{{display:none}} }}</style><p class=a>{}</p>"
    ),
    "style sheet, variable of the page": (
        "<style>:root{{--x:none}} .gone{{display:var(--x)}}</style><p class=gone>{}</p>"
    ),
    "style sheet, shown on paper": (
        "<style>.gone{{display:none}} @media print and (color){{.gone{{display:block!important}}}}"
        "</style><p class=gone>{}</p>"
    ),
    "style sheet, shown nowhere": (
        "<style>.gone{{display:none}} @media not all{{.gone{{display:block!important}}}}</style>"
        "<p class=gone>{}</p>"
    ),
    "style sheet, shown where something is supported": (
        "<style>.gone{{display:none}} @supports (no:thing){{.gone{{display:block!important}}}}"
        "</style><p class=gone>{}</p>"
    ),
    "style sheet, shown by a lower layer": (
        "<style>.gone{{display:none}} @layer a{{p.gone.gone{{display:block}}}}</style>"
        "<p class=gone>{}</p>"
    ),
    "style sheet, shown by one for paper": (
        "<style>.gone{{display:none}}</style><style media=print>.gone{{display:block!important}}"
        "</style><p class=gone>{}</p>"
    ),
    "style sheet, shown by what is none": (
        "<style>.gone{{display:none}}</style><style type=text/x>.gone{{display:block!important}}"
        "</style><p class=gone>{}</p>"
    ),
    "style sheet, after many rules": (
        f"<style>{'.x{{color:red}}' * 500}.gone{{{{display:none}}}}</style>"
        "<i class=x></i><p class=gone>{}</p>"
    ),
    "style sheet, after a long one": (
        f"<style>/*{'x' * 400_000}*/.gone{{{{display:none}}}}</style><p class=gone>{{}}</p>"
    ),
    "style sheet, by direction": "<style>i:dir(ltr){{display:none}}</style><i dir=ltr>{}</i>",
    "style sheet, in a media query": (
        "<style>@media screen{{.gone{{font-size:0}}}}</style><p class=gone>{}</p>"
    ),
}
WIDE: Final = (
    "<style>.x{display:none} @media (min-width:768px){.x{display:block}} "
    "@media (max-width:600px){.x{display:none}}</style>"
)
"""
Hides what is of class `x` on narrow screens only.
"""
ON_PAPER: Final = "<style>@media print{p{display:none}}</style>"
