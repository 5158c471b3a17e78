import type pg from 'pg';

type Encoder = (text: string) => string;

interface ColumnType {
  typeName: string;
  /** PostgreSQL's text of a value as a Field in JSON. */
  encode: Encoder;
  isSigned?: boolean;
}

const string: Encoder = (text) => `{"stringValue":${JSON.stringify(text)}}`;
// All digits, as the service sends them: it is the client that rounds those of a BIGINT.
const long: Encoder = (text) => `{"longValue":${text}}`;
const double: Encoder = (text) =>
  `{"doubleValue":${/^-?\d/.test(text) ? text : JSON.stringify(text)}}`; /* NaN, Infinity */
const boolean: Encoder = (text) => `{"booleanValue":${text === 't'}}`;
const blob: Encoder = (text) => `{"blobValue":"${Buffer.from(text.slice(2), 'hex').toString('base64')}"}`;
// `2022-02-22 00:00:00.0` in AWS's own examples: a fraction is always there.
const timestamp: Encoder = (text) => string(text.replace(/(:\d\d)( BC)?$/, '$1.0$2'));

const VARCHAR: ColumnType = { typeName: 'varchar', encode: string };

/** By PostgreSQL's type OID; what is not here is shown as varchar. */
const TYPES = new Map<number, ColumnType>([
  [16, { typeName: 'bool', encode: boolean }],
  [17, { typeName: 'varbyte', encode: blob }],
  [19, { typeName: 'name', encode: string }],
  [20, { typeName: 'int8', encode: long, isSigned: true }],
  [21, { typeName: 'int2', encode: long, isSigned: true }],
  [23, { typeName: 'int4', encode: long, isSigned: true }],
  [114, { typeName: 'super', encode: string }],
  [700, { typeName: 'float4', encode: double, isSigned: true }],
  [701, { typeName: 'float8', encode: double, isSigned: true }],
  [1042, { typeName: 'bpchar', encode: string }],
  [1082, { typeName: 'date', encode: string }],
  [1083, { typeName: 'time', encode: string }],
  [1114, { typeName: 'timestamp', encode: timestamp }],
  [1184, { typeName: 'timestamptz', encode: string }],
  [1266, { typeName: 'timetz', encode: string }],
  [1700, { typeName: 'numeric', encode: string, isSigned: true }],
  [3802, { typeName: 'super', encode: string }],
]);

const typeOf = ({ dataTypeID }: pg.FieldDef) => TYPES.get(dataTypeID) ?? VARCHAR;

/** Turns a row of texts into the JSON of its Fields. */
export function rowEncoder(fields: readonly pg.FieldDef[]): (row: readonly (string | null)[]) => string {
  const encoders = fields.map((field) => typeOf(field).encode);
  return (row) => `[${encoders.map((encode, at) => field(encode, row[at] ?? null)).join(',')}]`;
}

const field = (encode: Encoder, text: string | null) => (text === null ? '{"isNull":true}' : encode(text));

/** The members of ColumnMetadata; names are in lower case as long as identifiers are not case-sensitive. */
export function columnMetadata(fields: readonly pg.FieldDef[], caseSensitive: boolean) {
  return fields.map((field) => {
    const { typeName, isSigned = false } = typeOf(field);
    const name = caseSensitive ? field.name : field.name.toLowerCase();
    return {
      ...{ name, label: name, typeName, ...sizeOf(field, typeName), isSigned },
      ...{ nullable: 1, isCurrency: false, isCaseSensitive: /char|name/.test(typeName) },
      ...{ schemaName: '', tableName: '' },
    };
  });
}

export type ColumnMetadata = ReturnType<typeof columnMetadata>;

/** The modifier carries 4 more than the length that was declared; without one it is -1. */
function sizeOf({ dataTypeModifier, dataTypeSize }: pg.FieldDef, typeName: string) {
  const declared = dataTypeModifier - 4;
  if (typeName === 'numeric') {
    const [precision, scale] = declared < 0 ? [38, 0] : [declared >> 16, declared & 0xffff];
    return { length: 0, precision, scale };
  }
  if (dataTypeSize > 0) return { length: dataTypeSize, precision: 0, scale: 0 };
  return { length: Math.max(declared, 0), precision: 0, scale: 0 };
}
