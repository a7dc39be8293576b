// Bind groups of whole plans, made on a stand-in for a device that writes down what it is asked for. What is bound must be right: every other test of the engine.

import { expect, test } from 'vitest';
import { programsOf } from '../../bench/memory.ts';
import { bert, readBertConfig } from '../models/bert.ts';
import { defaultTraining, type MethodName, type PolicyName } from '../protocol/config.ts';
import { methodNamed, resolveOptions } from '../methods/registry.ts';
import { classification } from '../tasks/classification.ts';
import { planPrograms } from '../train/programs.ts';
import { BindGroups } from './bind_groups.ts';

