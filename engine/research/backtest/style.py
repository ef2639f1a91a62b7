"""How the report's page looks: one column on a phone, two on a desk, light or dark.

Refuses fonts and colours from elsewhere.
"""

STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5c6b7d;--line:#d9dfe6;--card:#fff;
--ground:#f4f6f8;--desk:#1769aa;--hold:#b8860b;--part:#6d8b3c;--less:#9467bd;--good:#2e7d32;
--bad:#c0392b}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#9fb0c0;--line:#33404d;
--card:#1b232c;--ground:#11171d;--desk:#62b0ee;--hold:#e0b84c;--part:#a5c26f;--less:#c4a5e3;
--good:#7cc77f;--bad:#f0857a}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1060px;margin:0 auto;padding:16px}
h1{font-size:22px;margin:8px 0}h2{font-size:16px;margin:0 0 8px}p{margin:6px 0}
.soft{color:var(--soft)}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px;
margin:0 0 14px;min-width:0}
.pair{display:grid;gap:14px;margin:0 0 14px}.pair section{margin:0}
@media(min-width:800px){.pair{grid-template-columns:1fr 1fr}}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:10px}
.tile b{display:block;font-size:19px}.tile span{color:var(--soft);font-size:13px}
svg{width:100%;height:auto;display:block}
svg text{fill:var(--soft);font:11px system-ui,sans-serif}
.grid{stroke:var(--line)}.line{fill:none;stroke-width:1.8}.bar.desk{fill:var(--desk)}
.line.desk{stroke:var(--desk)}.line.hold{stroke:var(--hold)}.line.part{stroke:var(--part)}
.line.less{stroke:var(--less)}.line.bad{stroke:var(--bad)}
.line.faint{stroke:var(--soft);stroke-dasharray:4 4}
.dot{fill:var(--desk);opacity:.75}.dot.good{fill:var(--good)}.dot.bad{fill:var(--bad)}
.key span{margin-right:14px;font-size:13px}
.key i{display:inline-block;width:14px;height:3px;vertical-align:middle;margin-right:5px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:4px 7px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child,.words td:last-child,.words th:last-child{text-align:left}
.words td:first-child,.words td:last-child{white-space:normal}
td.up{color:var(--good)}td.down{color:var(--bad)}
"""
