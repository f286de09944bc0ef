"""Writes streams by zlib itself, which the tests read: python3 zlib.py > zlib.txt

The text comes first, as hex; then a line per stream: its name, how many bytes of the text are its dictionary, and its bytes. Every level, every
strategy, blocks ended early (which makes empty stored ones), small windows, and a level changed on the way.
"""
import random
import zlib

random.seed(20)
WORDS = "amber anchor apple arch aspen atlas autumn badge basin beacon birch bloom border bottle branch brass".split()


def line(n):
    tags = ",".join('"%s"' % random.choice(WORDS) for _ in range(random.randrange(4)))
    text = " ".join(random.choice(WORDS) for _ in range(random.randrange(12)))
    return '{"n":%d,"price":%d.%02d,"tags":[%s],"text":"%s"}' % (n, random.randrange(1000), random.randrange(100), tags, text)


text = "\n".join(line(n) for n in range(25)).encode() + bytes(random.randrange(256) for _ in range(200)) + b"a" * 700


def stream(name, dictionary=0, level=6, strategy=zlib.Z_DEFAULT_STRATEGY, window=15, memory=8, flush=None):
    args = [level, zlib.DEFLATED, -window, memory, strategy]
    packer = zlib.compressobj(*args, text[:dictionary]) if dictionary else zlib.compressobj(*args)
    packed = b""
    for at in range(dictionary, len(text), 900):
        packed += packer.compress(text[at:at + 900])
        if flush is not None:
            packed += packer.flush(flush)
    print(name, dictionary, (packed + packer.flush()).hex())


print("text", text.hex())
for level in range(10):
    stream("level-%d" % level, level=level)
    stream("level-%d-dictionary" % level, level=level, dictionary=500)
stream("filtered", strategy=zlib.Z_FILTERED)
stream("huffman-only", strategy=zlib.Z_HUFFMAN_ONLY)
stream("run-lengths", strategy=zlib.Z_RLE)
stream("fixed", strategy=zlib.Z_FIXED)
stream("fixed-dictionary", strategy=zlib.Z_FIXED, dictionary=1234)
stream("flushed", flush=zlib.Z_SYNC_FLUSH)
stream("flushed-whole", flush=zlib.Z_FULL_FLUSH, dictionary=77)
stream("small-window", window=9, memory=1)
