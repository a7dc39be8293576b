"""Records everything that needs no downloaded model: `python -m record`. minilm_logits.py needs a folder and runs by itself."""

from . import counts, lora, meft1, optimizer, optimizers, through_peft, tiny_bert, twins

for script in (tiny_bert, meft1, twins, lora, through_peft, optimizer, optimizers, counts):
    print(script.__name__)
    script.main()
