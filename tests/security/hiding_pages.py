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
    "style sheet, in a media query": (
        "<style>@media screen{{.gone{{font-size:0}}}}</style><p class=gone>{}</p>"
    ),
}
