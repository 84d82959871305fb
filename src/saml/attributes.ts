/**
 * The attributes of an assertion (Core 2.7.3), by Name: FriendlyName is a comment and never looked at.
 */
import { NS } from './names.ts'
import { SamlRefused, shown } from './refusal.ts'
import type { XmlElement } from './xml.ts'
import { attributeOf, elementsOf, isNamed, sequenceOf, textOf } from './xml.ts'

export type Attributes = {
  /** By Name, in document order; values as sent. */
  readonly attributes: ReadonlyMap<string, readonly string[]>
  /** Names of those with values that are no text, and so are not above. */
  readonly nested: ReadonlySet<string>
}

const MOST_VALUES = 500
const MOST_CHARACTERS = 8192
const MOST_NAME_CHARACTERS = 1024

/** @throws {SamlRefused} `attributes` */
export function attributesIn(statements: readonly XmlElement[]): Attributes {
  const attributes = new Map<string, readonly string[]>()
  const nested = new Set<string>()
  for (const attribute of statements.flatMap(elementsOf)) {
    const name = nameOf(attribute)
    if (attributes.has(name) || nested.has(name))
      throw new SamlRefused(
        'attributes',
        `the attribute ${shown(name)} is there twice; it should be there once, with all its values`,
      )
    const values = valuesOf(attribute, name)
    if (values === undefined) nested.add(name)
    else attributes.set(name, values)
  }
  return { attributes, nested }
}

function nameOf(attribute: XmlElement): string {
  if (isNamed(attribute, NS.saml, 'EncryptedAttribute'))
    throw new SamlRefused(
      'attributes',
      'an attribute is encrypted; the identity provider should encrypt the whole assertion instead',
    )
  const name = attributeOf(attribute, 'Name')
  if (isNamed(attribute, NS.saml, 'Attribute') && name && name.length <= MOST_NAME_CHARACTERS) return name
  throw new SamlRefused(
    'attributes',
    `there is ${shown(attribute.name)} with the Name ${shown(name)}, where an Attribute belongs`,
  )
}

/** @returns undefined when one of them is no text */
function valuesOf(attribute: XmlElement, name: string): readonly string[] | undefined {
  const parts = sequenceOf(attribute)
  const values: (string | undefined)[] = []
  for (let one = parts.take(NS.saml, 'AttributeValue'); one; one = parts.take(NS.saml, 'AttributeValue')) {
    if (!isNil(one)) values.push(valueIn(one))
  }
  parts.end()
  if (values.length > MOST_VALUES)
    throw new SamlRefused('attributes', `the attribute ${shown(name)} has ${values.length} values; it may have ${MOST_VALUES}`)
  const longest = Math.max(0, ...values.map((value) => value?.length ?? 0))
  if (longest > MOST_CHARACTERS)
    throw new SamlRefused('attributes', `a value of ${shown(name)} has ${longest} characters; it may have ${MOST_CHARACTERS}`)
  const texts = values.filter((value) => value !== undefined)
  return texts.length === values.length ? texts : undefined
}

/** A targeted id (`eduPersonTargetedID`) is a NameID within the value, and stands for its text. */
function valueIn(value: XmlElement): string | undefined {
  if (value.children.every((child) => typeof child === 'string')) return textOf(value)
  const [inner, ...more] = value.children.filter((child) => typeof child !== 'string' || child.trim() !== '')
  if (typeof inner !== 'object' || more.length > 0 || !isNamed(inner, NS.saml, 'NameID')) return
  return textOf(inner)
}

function isNil(value: XmlElement): boolean {
  const nil = attributeOf(value, 'nil', NS.xsi)
  return nil === 'true' || nil === '1'
}
