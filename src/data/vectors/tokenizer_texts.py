"""The 10,000 texts of the tokenizer fuzz test, drawn from the counter of src/random: tokenizer_texts.ts beside it draws the same ones."""

COUNT = 10_000
MASK = 0xFFFFFFFF


def pcg(value):
    state = (value * 747796405 + 2891336453) & MASK
    word = (((state >> ((state >> 28) + 4)) ^ state) * 277803737) & MASK
    return (word >> 22) ^ word


def random_key(seed, step, site):
    return pcg(pcg(pcg(seed) ^ step) ^ site)


class Draw:
    def __init__(self, key):
        self.key, self.index = key, 0

    def below(self, n):
        value = pcg(pcg((self.index + self.key) & MASK) ^ self.key)
        self.index += 1
        return value % n

    def of(self, words):
        return words[self.below(len(words))]


def point(c):
    return chr(0xFFFD if 0xD800 <= c <= 0xDFFF else c)


def fragment(draw, page, words):
    kind = draw.below(20)
    if kind < 4:
        return draw.of(words["english"])
    if kind < 7:
        return "".join(point(page * 256 + draw.below(256)) for _ in range(1 + draw.below(4)))
    if kind == 7:
        return "".join(point(draw.below(0x3000)) for _ in range(1 + draw.below(3)))
    if kind == 8:
        return point(draw.below(0x110000))
    if kind == 9:
        return draw.of(words["english"])[:1] + "".join(point(0x300 + draw.below(0x70)) for _ in range(1 + draw.below(6)))
    if kind == 10:
        return draw.of(words["emoji"])
    if kind == 11:
        return draw.of(words["scripts"])
    if kind == 12:
        return draw.of(words["edges"])
    if kind == 13:
        return draw.of(words["added"])
    if kind == 14:
        return draw.of(words["spaces"])
    if kind == 15:
        return "".join(point(33 + draw.below(94)) for _ in range(1 + draw.below(8)))
    if kind == 16:
        return draw.of(words["case"])
    if kind == 17:
        return str(draw.below(100_000))
    if kind == 18:
        return draw.of(words["english"]).upper()
    return draw.of(words["english"]) * (1 + draw.below(12))


def text(i, words):
    draw = Draw(random_key(2026, i, 7))
    if i % 2_500 == 1_234:
        return draw.of(words["long"]) * (100_000 // 4)
    page = i % 0x1100
    parts = []
    for _ in range(1 + draw.below(10)):
        parts.append(fragment(draw, page, words))
        if draw.below(3) > 0:
            parts.append(" ")
    return "".join(parts)


def texts(words):
    return [text(i, words) for i in range(COUNT)]
