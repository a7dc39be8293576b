"""Records tables.json beside it: what Python's csv module reads in files of many dialects, ordinary and odd.

    python src/data/vectors/tables.py

Needs Python alone. Each case has the text of a file, the dialect that it was written in (which Retrace has to find out by itself, unless `told`),
and its rows: those that csv gives, without Excel's sep= line and without the [] that it gives for blank lines.
"""

import csv
import io
import json
import pathlib
import random

random.seed(7)
cases = []


def case(name, text, separator=",", quote='"', told=None, file="a.csv", sep_line=False):
    # newline="" hands the reader every line end as it stands.
    quoting = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    # One column: a separator that the text does not have.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator or "\x01", quotechar=quote or None, quoting=quoting)
    rows = [row for row in reader][1 if sep_line else 0 :]
    cases.append({"name": name, "file": file, "text": text, "separator": separator, "quote": quote, "told": told or {}, "rows": [row for row in rows if row != []]})


for title, end in {"\\n": "\n", "\\r\\n": "\r\n", "\\r": "\r"}.items():
    lines = ["text,label", "good food,pos", "bad food,neg"]
    case(f"lines that end in {title}", end.join(lines) + end)
    case(f"lines that end in {title}, the last without", end.join(lines))
    case(f"blank lines, ends {title}", end + end.join(lines) + end * 3)
    case(f"blank lines between, ends {title}", (end * 2).join(lines) + end)
    case(f"a quoted break, ends {title}", end.join(["text,label", f'"good{end}food",pos', f'"{end}",neg', f'bad,"n{end}{end}"']) + end)
case("mixed line ends", "text,label\r\ngood food,pos\r\nbad food,neg\nnice film,pos\rpoor film,neg\r\n")
case("mixed line ends, blank lines of each kind", "text,label\r\n\r\ngood,pos\n\nbad,neg\r\rmore,pos\r\n\n\r\n")
case("mixed line ends, also in quotes", 'text,label\n"a\r\nb\nc\rd",pos\r\n"\r\n",neg\rplain,pos')
case("a quoted break before every kind of end", 'text,label\r\n"a\n"\n,x\r'.replace('"\n,', '",') + '"b\r",y\n"c\r\n",z\r\n')
for separator in [";", "\t", "|", ","]:
    s = separator
    other = "," if s == ";" else ";"
    case(f"Excel's sep= line: {s!r}", f"sep={s}\r\ntext{s}label\r\ngood food{s}pos\r\nbad food{s}neg\r\n", s, sep_line=True)
    case(f"Excel's sep= line, quoted: {s!r}", f'"sep={s}"\ntext{s}label\ngood food{s}pos\n', s, sep_line=True)
    case(f"quoted cells with {s!r}, quotes and breaks", f'text{s}label\n"good{s}food"{s}pos\n"say ""hi"""{s}neg\n"a\nb"{s}pos\n""""{s}neg\n', s)
    case(f"a quoted cell with {s!r} and a break in one", f'text{s}label\n"good{s}food\nand nice film"{s}pos\nbad food{s}neg\n', s)
    case(f"a quoted header with {s!r}", f'"text{s} as typed"{s}"label"\n"good"{s}"pos"\nbad{s}neg\n', s)
    case(f"empty cells between {s!r}", f'a{s}b{s}c\n{s}{s}\n""{s}x{s}""\ny{s}{s}z\n', s)
    case(f"a trailing {s!r} in each row", f"text{s}label{s}\ngood{s}pos{s}\nbad{s}neg{s}\n", s)
    case(f"a single row, {s!r}", f"text{s}label\ngood{s}pos", s)
    case(f"no text beside {s!r} but spaces", f"text{s}label\n good {s} pos \n  {s}neg\n", s)
case("a lone sep= line's separator beside quoted ones of another kind", 'sep=;\ntext;label\n"a;b,c";x\n"d,e";y\n', ";", sep_line=True)
case("commas in the header, semicolons between cells", "comment (one line, as typed);label\ngood, really;pos\nbad, really;neg\n", ";")
case("more commas than semicolons in the header", "what, where, when;label\ngood;pos\nbad;neg\n", ";")
case("commas in some rows only", "text;label\ngood, really, very;pos\nbad;neg\nso so, perhaps;neg\n", ";")
case("decimal commas", "text;score\ngood;1,5\nbad;2,5\n", ";")
case("semicolons in prose, commas between cells", "text,label\nI came; I saw,pos\nno,neg\n", ",")
case("bars in the header, tabs between cells", "a|b\tlabel\nx|y\tpos\nz|w\tneg\n", "\t", file="a.txt")
case("commas in the header, tabs between cells", "text, one a line\tlabel\ngood, really\tpos\nbad, really\tneg\n", "\t", file="a.csv")
case("tabs between cells, quotes as characters (GLUE)", 'sentence\tlabel\n"It is\t0\nsaid" she\t1\n"x" y\t0\n"\t1\n', "\t", "", file="a.tsv")
case("pairs, quotes as characters (MRPC)", 'Quality\t#1 String\t#2 String\n1\tHe said "no" .\t" The pie " sells .\n0\t" Yes " ,\tno "\n', "\t", "", file="a.tsv")
case("a stray quote in one row of many, quotes as characters", "".join(f"a text {i}\t{i % 2}\n" if i != 40 else '"A text\t0\n' for i in range(80)), "\t", "", file="a.tsv")
case("TSV as pandas writes it", 'text\tlabel\n"good\tfood"\tpos\n"say ""hi"""\tneg\n"a\nb"\tpos\n', "\t", file="a.tsv")
case("quotes within an unquoted cell", 'text,label\ngood "food",pos\n5" long,neg\na"b,pos\n')
case("spaces before a quote: it is a character", 'text,label\n "good",pos\n bad,neg\n')
case("spaces behind a closing quote", 'text,label\n"good" ,pos\n"bad"  ,neg\n')
# Text behind a closing quote: csv joins it to the cell (strict=False), in which further quotes are characters.
case("text behind a closing quote", 'text,label\n"a"b,pos\n"good" film,neg\nplain,pos\n')
case("text behind a closing quote, separators in the quotes", 'text;n\n"semi;colon", ok;3\n"x;y";4\nplain;5\n', ";")
case("text behind a closing quote, commas everywhere", 'text;n\n"a, b;c", d, e;3\nf, g;4\n', ";")
case("quotes again behind a closing quote", 'text,label\n"a"b"c,pos\n"a"b"",neg\n"a""b"c"d"e,pos\n')
case("text behind a closing quote, then a quoted break", 'text,label\n"a\nb"c,pos\n"d",neg\n')
case("text behind closing quotes in each row and cell", 'a,b\n"x"1,"y"2\n"x,"3,"y"4\n')
case("text behind an empty quoted cell", 'text,label\n""a,pos\n"" ,neg\n""",b"c,pos\n')
case("text behind a closing quote in the header", '"text" here,label\ngood,pos\n"bad",neg\n')
case("text behind a closing quote at the end of the file", 'text,label\ngood,pos\nbad,"n"eg')
case("text behind a closing quote, bars", 'text|label\n"good|bad" film|pos\nso|neg\n', "|")
case("text behind a closing quote, a quoted tab elsewhere", 'text\tlabel\n"good" film\tpos\n"a\tb"\tneg\n', "\t", file="a.tsv")
case("backslashes before quotes", 'text,label\n"say \\"hi\\" to me",pos\n"plain",neg\n')
case("said: single quotes, text behind one", "text,label\n'a'b,x\n'c,'d,y\n", ",", "'", told={"quote": "'"})
case("said: quotes in a TSV, text behind them", 'a\tb\n"c"d\te\nf\tg\n', "\t", '"', told={"quote": '"'}, file="a.tsv")
# csv reads NUL as a character from Python 3.11 on.
case("NUL characters in cells", 'text,label\na\0b,pos\n"c\0,\0",neg\nplain text that is longer,pos\n')
case("a NUL alone in a cell, one in a name", "te\0xt;label\n\0;pos\nsome text;neg\nmore text;pos\n", ";")
case("NUL and other control characters", "text\tlabel\na\x01b\0\x02\tpos\nplain text\tneg\n", "\t", file="a.tsv")
case("one column", "text\ngood film\nbad film\n", "")
case("one column, an empty quoted cell", 'text\ngood film\n""\nbad film\n', "")
case("one column, blank lines and an empty quoted cell", 'text\n\ngood film\r\n\r\n""\n\nbad film\n""', "")
case("one column, quoted breaks", 'text\n"good\nfilm"\n"say ""hi"""\n', "")
case("one column, spaces alone", "text\ngood film\n  \nbad film\n", "")
case("one column, commas in prose", "text\ngood\nyes, but slow\nbad\nno\n", "")
case("one column, quotes as characters", 'text\n"Come in," she said.\n"No," he said, "thanks."\nThey left.\n', "", "")
case("two empty columns", ",\n,\na,b\n")
case("wide rows", ",".join(f"c{i}" for i in range(300)) + "\n" + ",".join(str(i) for i in range(300)) + "\n")
case("letters beyond ASCII", "Größe,étiquette\n😀 naïve,été\n日本語、です,ラベル\n\u2028,\u0085\n")
case("said: a separator", "a:b\nc:d\n", ":", told={"separator": ":"})
case("said: commas, where semicolons look likelier", "a;b,c;d\ne;f,g;h\n", ",", told={"separator": ","})
case("said: single quotes", "text,label\n'a,b',x\n'it''s',y\n", ",", "'", told={"quote": "'"})
case("said: no quotes", 'text,label\n"a,x\nb",y\n', ",", "", told={"quote": ""})
case("said: one column", "a,b\nc,d\n", "", told={"separator": ""})
case("said: quotes in a TSV that looks unquoted", 'a\tb\n"c\td\ne"\tf\n', "\t", '"', told={"quote": '"'}, file="a.tsv")

# What csv itself writes of cells drawn by chance, in each dialect.
alphabet = ["a", "b", " ", '"', ",", ";", "\t", "|", "\n", "\r", "\r\n", "é", "'", "="]
for separator in [",", ";", "\t", "|"]:
    for end in ["\n", "\r\n"]:
        rows = [["text", "label", "n"]] + [["".join(random.choices(alphabet, k=random.randint(0, 8))), random.choice("xyz"), str(i)] for i in range(60)]
        out = io.StringIO(newline="")
        # A lone carriage return is quoted by itself only from Python 3.13 on.
        quoting = csv.QUOTE_ALL if end == "\n" else csv.QUOTE_MINIMAL
        csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
        case(f"60 rows written by csv with {separator!r} and {end!r}", out.getvalue(), separator)
        assert cases[-1]["rows"] == rows

path = pathlib.Path(__file__).with_name("tables.json")
path.write_text(json.dumps(cases, ensure_ascii=True, indent=0) + "\n", encoding="utf-8")
print(f"{len(cases)} cases in {path.name}, {path.stat().st_size} bytes")
