// A tree-sitter grammar whose two large tables are kept compressed until the first use. A table compresses to a
// thirteenth; uncompressed, those of twelve grammars would be a third of the program.
//
// SKELETON  the grammar's parser.c, its function renamed to skeleton and the two tables left out of what it returns
// TABLES    what grammar_pack.c printed for the grammar
// FUNCTION  the name the grammar's function had, tree_sitter_<language>
#include <pthread.h>
#include <stdlib.h>

#include <zstd.h>

#include SKELETON
#include TABLES

static TSLanguage language;
static const TSLanguage *result;

static void unpack(void) {
  // Lives as long as the program: trees and nodes point to their language.
  unsigned char *tables = malloc(kTablesSize);
  if (tables == NULL) return;
  if (ZSTD_decompress(tables, kTablesSize, kPacked, sizeof kPacked) != kTablesSize) {
    free(tables);
    return;
  }
  language = *skeleton();
  language.parse_table = (const uint16_t *)(const void *)tables;
  language.small_parse_table = (const uint16_t *)(const void *)(tables + kSmallTableOffset);
  result = &language;
}

// As the generated function, but NULL when there is no memory for the tables. Safe to call from several threads.
const TSLanguage *FUNCTION(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, unpack);
  return result;
}
