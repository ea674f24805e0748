package vigie.collector.label;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;

/** Against what Prometheus's documentation of relabel_config says; hashes computed with md5sum. */
class RelabelTest {
  private static final Labels GIVEN =
      Labels.of("a", "foo", "b", "bar", "c", "baz", "__meta_x", "1", "__meta_y", "2");

  private static List<Relabel> steps(String step) {
    Faults faults = new Faults();
    Section top =
        Yaml.parse(Path.of("c.yaml"), "relabel_configs: [" + step + "]", Map.of(), faults);
    List<Relabel> steps = Relabel.readAll(top, "relabel_configs");
    faults.throwIfAny();
    return steps;
  }

  /** What changed: {@code +name=value} and {@code -name}, or {@code dropped}. */
  private static String changes(String step) {
    Labels now = Relabel.apply(steps(step), GIVEN);
    if (now == null) {
      return "dropped";
    }
    StringBuilder out = new StringBuilder();
    GIVEN.toMap().keySet().stream()
        .filter(name -> !now.has(name))
        .forEach(name -> out.append(" -").append(name));
    now.toMap()
        .forEach(
            (name, value) -> {
              if (!GIVEN.get(name).equals(value)) {
                out.append(" +").append(name).append('=').append(value);
              }
            });
    return out.toString().trim();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      quoteCharacter = '~',
      value = {
        "source_labels: [a], target_label: d                                       ! +d=foo",
        "source_labels: [a, b], target_label: d                                    ! +d=foo;bar",
        "source_labels: [a, b], separator: '', target_label: d                     ! +d=foobar",
        "source_labels: [a, none, b], target_label: d                              ! +d=foo;;bar",
        "source_labels: [none], target_label: a                                    ! -a",
        "source_labels: [a], target_label: a, replacement: ''                      ! -a",
        "target_label: d, replacement: x                                           ! +d=x",
        "source_labels: [a], regex: 'f(.)(?P<n>.)', target_label: d, replacement: '$2$1-${n}' ! +d=oo-o",
        "source_labels: [a], regex: 'f(.).', target_label: d, replacement: '$1x${1}x' ! +d=ox",
        "source_labels: [a], target_label: d, replacement: '$$1$'                  ! +d=$1$",
        "source_labels: [a], target_label: d, replacement: '<$9$none>'             ! +d=<>",
        "source_labels: [a], regex: fo, target_label: d                            ! ~~",
        "source_labels: [a], regex: '(.+)', target_label: 'l_$1', replacement: y   ! +l_foo=y",
        "source_labels: [a], regex: 'foo|x', action: keep                          ! ~~",
        "source_labels: [a], regex: 'o+', action: keep                             ! dropped",
        "source_labels: [none], regex: '', action: keep                            ! ~~",
        "source_labels: [a], regex: 'f.*', action: drop                            ! dropped",
        "source_labels: [a], regex: 'o', action: drop                              ! ~~",
        "source_labels: [a], target_label: b, action: keepequal                    ! dropped",
        "source_labels: [none], target_label: none2, action: keepequal             ! ~~",
        "source_labels: [a], target_label: a, action: dropequal                    ! dropped",
        "source_labels: [c], target_label: d, modulus: 1000, action: hashmod       ! +d=976",
        "source_labels: [a, b], target_label: d, modulus: 7, action: hashmod       ! +d=6",
        "regex: '__meta_(.)', action: labelmap                                     ! +x=1 +y=2",
        "regex: '__meta_(.)', replacement: 'l_${1}', action: labelmap              ! +l_x=1 +l_y=2",
        "regex: '__meta_(.)', replacement: '$2', action: labelmap                  ! ~~",
        "regex: '__meta_.', action: labeldrop                                      ! -__meta_x -__meta_y",
        "regex: 'a|b', action: labelkeep                                           ! -__meta_x -__meta_y -c",
        "source_labels: [a], target_label: a, action: UPPERCASE                    ! +a=FOO",
      })
  void givenStep_whenApplied_thenLabelsChangeAsDocumented(String step, String changes) {
    assertThat(changes("{" + step + "}")).isEqualTo(changes);
  }

  @Test
  void givenStepsThatCannotWork_whenRead_thenEachIsToldOf() {
    assertThatThrownBy(
            () -> steps("{action: replace}, {action: hashmod, target_label: d}, {action: x}"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("relabel action replace needs target_label")
        .hasMessageContaining("relabel action hashmod needs modulus")
        .hasMessageContaining("unknown action");
    assertThatThrownBy(() -> steps("{action: keep, regex: 'a('}"))
        .hasMessageContaining("bad regular expression");
  }
}
