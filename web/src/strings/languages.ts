// SPDX-License-Identifier: Apache-2.0
// The site's languages. English is at the top of the tree, others below their
// code.
import { de } from './de'
import { en, type Strings } from './en'
import { fr } from './fr'

export type Code = 'en' | 'de' | 'fr'

export const languages: Record<Code, Strings> = { en, de, fr }
