package vigie.base.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import vigie.base.fuzz.FuzzContract;

/** Any text is a configuration or is refused by name and place. */
class YamlFuzzTest extends FuzzContract {
  @Override
  protected List<byte[]> seeds() {
    return List.of(
        utf8("node: p1\nlabels: {role: web, n: '1'}\nlisten: 0.0.0.0:9100\nevery: 5s\n"),
        utf8("probes:\n  - name: a\n    tcp: 127.0.0.1:1\n  - {name: b, every: 1h30m}\n"),
        utf8("a: &x {b: [1, 2, 3]}\nc: *x\nd:\n  <<: *x\n"),
        utf8("text: |\n  one\n  two\nfolded: >-\n  three\n  four\n"),
        utf8("a: \"\\u00e9\\n\"\nb: 'it''s'\n# comment\n? key\n: value\n"),
        utf8("%YAML 1.2\n---\nx: !!int 3\n...\n"),
        utf8("a: [\n"),
        utf8("- a\n- b\n"));
  }

  @Override
  protected int rounds() {
    return 4_000;
  }

  @Override
  protected void feed(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    Faults faults = new Faults();
    try {
      Section top = Yaml.parse(Path.of("fuzz.yaml"), text, Map.of(), faults);
      top.string("node");
      top.strings("packs");
      top.duration("every", Duration.ofSeconds(1));
      for (Section probe : top.sections("probes")) {
        probe.requiredString("name");
        probe.end();
      }
      top.end();
    } catch (ConfigException refused) {
      assertThat(refused.faults()).allMatch(fault -> fault.startsWith("fuzz.yaml:"));
    }
    assertThat(faults.all()).allMatch(fault -> fault.startsWith("fuzz.yaml:"));
  }
}
