// Prints the two large tables of a tree-sitter grammar, compressed, as the C source that grammar.c includes. Run while
// the library is built. PARSER is the grammar's parser.c: its tables are static, so they are read by including it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include PARSER

int main(void) {
  const size_t size = sizeof ts_parse_table + sizeof ts_small_parse_table;
  const size_t capacity = ZSTD_compressBound(size);
  unsigned char *tables = malloc(size);
  unsigned char *packed = malloc(capacity);
  ZSTD_CCtx *context = ZSTD_createCCtx();
  if (tables == NULL || packed == NULL || context == NULL) return 1;
  memcpy(tables, ts_parse_table, sizeof ts_parse_table);
  memcpy(tables + sizeof ts_parse_table, ts_small_parse_table, sizeof ts_small_parse_table);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 19);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  const size_t packed_size = ZSTD_compress2(context, packed, capacity, tables, size);
  if (ZSTD_isError(packed_size)) return 1;

  printf("enum { kTablesSize = %zu, kSmallTableOffset = %zu };\n", size, sizeof ts_parse_table);
  printf("static const unsigned char kPacked[%zu] = {", packed_size);
  for (size_t i = 0; i < packed_size; ++i) printf("%s%u,", i % 32 == 0 ? "\n" : "", packed[i]);
  printf("\n};\n");
  return fflush(stdout) == 0 ? 0 : 1;
}
