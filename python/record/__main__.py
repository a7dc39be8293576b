"""Records everything that needs no downloaded model: `python -m record`. minilm_logits.py needs a folder and runs by itself."""

from . import lora, meft1, optimizer, tiny_bert

for script in (tiny_bert, meft1, lora, optimizer):
    print(script.__name__)
    script.main()
