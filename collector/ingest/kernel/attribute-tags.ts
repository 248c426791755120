/** Tags of an attribute in protobuf: of a KeyValue, then of the values that it nearly always has. */
export const TAG_KEY: u8 = 0x0a;
export const TAG_VALUE: u8 = 0x12;
export const TAG_STRING: u8 = 0x0a;
export const TAG_BOOL: u8 = 0x10;
export const TAG_INT: u8 = 0x18;
export const TAG_DOUBLE: u8 = 0x21;
