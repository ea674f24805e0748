package vigie.collector.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Notification;
import vigie.collector.label.Labels;

class TextsTest {
  private static final Instant START = Instant.parse("2026-01-01T10:00:00Z");

  /** Brackets around what came from outside. */
  private static final Style MARKING =
      new Style() {
        @Override
        public String text(String outside, int most) {
          return outside.isEmpty() ? "" : "<" + outside + ">";
        }

        @Override
        public String block(List<String> lines, int mostOfLine) {
          return lines.isEmpty() ? "" : "<" + String.join("|", lines) + ">";
        }

        @Override
        public String time(Instant at) {
          return at.toString();
        }

        @Override
        public String ago(Instant at) {
          return at.toString();
        }

        @Override
        public String clock(Instant at) {
          return at.toString();
        }
      };

  @TempDir Path folder;

  static Notification notification() {
    Labels labels =
        Labels.of("alertname", "Full", "node", "p1", "severity", "warning", "mountpoint", "/srv");
    Labels annotations =
        Labels.of("summary", "almost full", "runbook_url", "https://wiki.example/full");
    Alert alert =
        new Alert(
            labels,
            annotations,
            AlertState.FIRING,
            START,
            START,
            null,
            START,
            93.456,
            "node/Full",
            List.of());
    return new Notification(
        "i1", "k", "r", Labels.EMPTY, labels, annotations, List.of(alert), 1, 0, START, START);
  }

  private Texts read(String yaml, List<Path> files, Faults faults) {
    Section top = Yaml.parse(folder.resolve("collector.yaml"), yaml, Map.of(), faults);
    Texts texts = Texts.read(top, files, "https://vigie.example/");
    top.end();
    return texts;
  }

  private Texts with(String template, Faults faults) throws IOException {
    Path file = Files.writeString(folder.resolve("own.tmpl"), template);
    return read("", List.of(file), faults);
  }

  private static Texts.Words words(Texts texts) {
    return texts
        .of(notification(), CardContext.NONE, MARKING)
        .with("Predecessor", "none")
        .with("Again", false);
  }

  /** Names of templates with the fields that each asks for. */
  private static Set<String> keys(String language) throws IOException {
    try (InputStream in = Texts.class.getResourceAsStream(language + ".tmpl")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      Set<String> keys = new TreeSet<>();
      for (String part : text.split("(?=\\{\\{ define )", -1)) {
        String name = part.replaceFirst("(?s)\\{\\{ define (\"[^\"]*\").*", "$1");
        Matcher field = Pattern.compile("\\.[A-Z][A-Za-z]*").matcher(part);
        while (field.find()) {
          keys.add(name + " " + field.group());
        }
      }
      return keys;
    }
  }

  @Test
  void givenBothLanguages_whenCompared_thenTheSameTemplatesSayTheSame() throws IOException {
    assertThat(Texts.in("fr", "").names()).isEqualTo(Texts.ENGLISH.names());
    Set<String> french = keys("fr");
    // Their plural asks for the number.
    french.remove("\"card.counts\" .Resolved");
    Set<String> english = keys("en");
    english.remove("\"card.counts\" .Resolved");
    assertThat(french).isEqualTo(english).hasSizeGreaterThan(60);
  }

  @Test
  void givenTextFromOutside_whenATemplateSeesIt_thenTheStyleHasHadIt() throws IOException {
    Faults faults = new Faults();
    Texts texts =
        with(
            "{{ define \"card.title\" }}{{ .Name }} {{ .Labels.mountpoint }} {{ .Target }}"
                + " {{ .Annotations.summary }}{{ end }}",
            faults);

    assertThat(faults.all()).isEmpty();
    assertThat(words(texts).text("card.title")).isEqualTo("<Full> </srv> </srv> <almost full>");
    assertThat(words(texts).text("card.text"))
        .startsWith("**<almost full>**\n**Where** <p1> · </srv>\n**Since** 2026-01-01T10:00:00Z")
        .contains("**How bad** warning\n")
        .contains("[Silence](https://vigie.example/silence?filter=%7Balertname%3D%22Full%22")
        .endsWith("[Runbook](https://wiki.example/full)");
  }

  @Test
  void givenTemplateThatFails_whenExpanded_thenTheShippedOneAndWhy() throws IOException {
    Texts texts = with("{{ define \"card.title\" }}\n{{ .Nmae }}{{ end }}", new Faults());
    Texts.Words words = words(texts);

    assertThat(words.text("card.title")).isEqualTo("🟠 FIRING: <Full> on <p1>");
    assertThat(words.fault())
        .contains("card.title 2:", "there is no field Nmae; did you mean Name?");
  }

  @Test
  void givenWrongTemplates_whenRead_thenFaultsSayWhere() throws IOException {
    Faults faults = new Faults();
    with("{{ define \"card.title\" }}{{ .Name }\n{{ end }}", faults);
    read("language: de\n", List.of(), faults);

    assertThat(faults.all())
        .anySatisfy(fault -> assertThat(fault).contains("own.tmpl:1:"))
        .anySatisfy(fault -> assertThat(fault).contains("\"de\" is not known; there are en, fr"));
  }

  @Test
  void givenTemplatesOfAlertmanager_whenRead_thenOnlyAWarning() throws IOException {
    Faults faults = new Faults();
    with("{{ define \"slack.text\" }}{{ .CommonLabels | join \",\" }}{{ end }}", faults);

    assertThat(faults.all()).isEmpty();
    assertThat(faults.warnings()).hasSize(1);
  }

  @Test
  void givenNameThatNoCardUses_whenRead_thenTheNearestIsNamed() throws IOException {
    Faults faults = new Faults();
    with("{{ define \"card.titel\" }}x{{ end }}{{ define \"card.text\" }}y{{ end }}", faults);

    assertThat(faults.warnings())
        .singleElement()
        .asString()
        .contains("did you mean \"card.title\"");
  }

  @Test
  void givenNoQueries_whenATemplateAsks_thenItFails() throws IOException {
    Texts texts = with("{{ define \"card.title\" }}{{ query \"up\" }}{{ end }}", new Faults());
    Texts.Words words = words(texts);
    words.text("card.title");

    assertThat(words.fault()).contains("query is not available here");
    assertThatThrownBy(() -> texts.word("card.none")).hasMessageContaining("BUG");
  }
}
