"""Records everything that needs no downloaded model, anew, into vectors/. minilm_logits.py, quality.py and glue.py run by themselves.

Usage, from python/: python -m record
"""

import argparse

from . import counts, epochs, generation, lora, meft1, on_architectures, optimizer, optimizers, peft_variants, through_peft, tiny_bert, tiny_models, tiny_pictures, torch_files, twins

argparse.ArgumentParser(prog="python -m record", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
for script in (tiny_bert, tiny_models, tiny_pictures, generation, meft1, twins, lora, through_peft, peft_variants, optimizer, optimizers, epochs, counts, torch_files, on_architectures):
    print(script.__name__)
    script.main()
