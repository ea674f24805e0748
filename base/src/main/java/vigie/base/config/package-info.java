/**
 * Owns configuration as text: YAML with positions, typed reading that collects every fault, nearest
 * keys, secrets. Imports {@code time} and the YAML library, which nothing else does.
 */
@NullMarked
package vigie.base.config;

import org.jspecify.annotations.NullMarked;
