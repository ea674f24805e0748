package vigie.collector.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import vigie.collector.label.Labels;

class TemplateTest {
  private static final Labels LABELS =
      Labels.of("__name__", "x", "a", "1", "instance", "h1.example.org:9100", "job", "node");
  private static final Map<String, ?> DATA =
      Map.of(
          "Labels",
          LABELS,
          "ExternalLabels",
          Labels.of("site", "home"),
          "ExternalURL",
          "https://vigie.example/x",
          "Value",
          1234567.891);
  private static final Query.Sample A = sample(0.5, "__name__", "y", "k", "a");
  private static final Query.Sample B = sample(2, "__name__", "y", "k", "b");

  private static Query.Sample sample(double value, String... labels) {
    return new Query.Sample(Labels.of(labels), value);
  }

  private static List<Query.Sample> answer(String expression) {
    return switch (expression) {
      case "y" -> List.of(B, A);
      case "y{k='a'}" -> List.of(A);
      case "y{k='b'}", "y > 1" -> List.of(B);
      case "scalar(y{k='a'})" -> List.of(sample(0.5));
      case "1 + 1" -> List.of(sample(2));
      case "scalar(nothing)" -> List.of(sample(Double.NaN));
      case "nothing" -> List.of();
      case "scalar(y)+1" -> List.of(sample(Double.NaN));
      case "count_values('__value__', y{k='a'})" -> List.of(sample(1, "__value__", "0.5"));
      default -> throw new IllegalArgumentException("1:5: parse error");
    };
  }

  private static String expand(String text) {
    return Template.parse(text).expand(DATA, TemplateTest::answer, "https://vigie.example/x");
  }

  static Stream<Arguments> rows() throws IOException {
    try (var in = TemplateTest.class.getResourceAsStream("/template/templates.tsv")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.startsWith("#"))
              .map(line -> line.split("\t", -1))
              .map(row -> Arguments.of(row[0], row[1]))
              .toList()
              .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void givenTemplate_whenExpanded_thenAsPrometheusDoes(String template, String expected) {
    if (expected.startsWith("<error")) {
      assertThatThrownBy(() -> expand(template)).isInstanceOf(TemplateException.class);
    } else {
      assertThat(expand(template)).isEqualTo(expected);
    }
  }

  @Test
  void givenPrintln_whenExpanded_thenALineEnds() {
    assertThat(expand("{{ println \"a\" 1 }}b")).isEqualTo("a 1\nb");
  }

  @Test
  void givenUrls_whenExpanded_thenTheCollectorsAddress() {
    assertThat(
            expand("{{ externalURL }}|{{ pathPrefix }}|{{ $externalURL }}|{{ $externalLabels }}"))
        .isEqualTo("https://vigie.example/x|/x|https://vigie.example/x|map[site:home]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{{ $value            | 1:4 | the action is not closed with }}",
        "a {{ }}              | 1:6  | missing value",
        "{{ nope $value }}    | 1:4  | function \"nope\" is not known; did you mean \"ne\"?",
        "{{ humanise 1 }}     | 1:4  | function \"humanise\" is not known; did you mean \"humanize\"?",
        "{{ $label.x }}       | 1:4  | undefined variable $label; known here: $labels, $externalLabels, $externalURL, $value",
        "{{ if $value }}x     | 1:1  | {{if}} lacks its {{end}}",
        "x{{ end }}           | 1:8  | unexpected {{end}}; no block is open",
        "{{ else }}           | 1:8  | unexpected {{else}}; no block is open",
        "{{ humanize }}       | 1:4  | humanize takes 1 argument, not 0",
        "{{ 1 ~PIPE~ humanize 2 }} | 1:8  | humanize takes 1 argument, not 2",
        "{{ \"a }}            | 1:4  | the string is not closed",
        "{{ \"\\z\" }}        | 1:5  | unknown escape \\z",
        "{{ (1 }}             | 1:4  | the parenthesis is not closed",
        "{{ 1) }}             | 1:5  | unexpected \")\"",
        "{{ 12abc }}          | 1:4  | bad number 12abc",
        "{{ .a ~PIPE~ .b }}        | 1:9  | a value that is no function is given an argument",
        "{{ break }}          | 1:1  | {{break}} outside {{range}}",
        "{{ /* x }}           | 1:1  | the comment is not closed with */}}",
        "{{ define x }}{{ end }} | 1:1 | {{define}} needs a name in quotes",
        "{{ block \"x\" . }}  | 1:1  | {{block}} lacks its {{end}}",
        "{{ $x = 1 }}         | 1:4  | undefined variable $x",
        "{{ 5.x }}            | 1:4  | bad number 5.x",
        "{{ # }}              | 1:4  | unexpected \"#\" in an action",
      })
  void givenBadTemplate_whenParsed_thenItSaysWhatAndWhere(
      String template, String place, String message) {
    TemplateException fault =
        catchThrowableOfType(
            TemplateException.class, () -> Template.parse(template.replace("~PIPE~", "|")));
    assertThat(fault).as(template).isNotNull();
    assertThat(fault.getMessage()).isEqualTo(message);
    assertThat(fault.line() + ":" + fault.column()).isEqualTo(place);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{{ if gt $value 80 }}x{{ end }}      | error calling gt: incompatible types for comparison: int and float64; write the constant with a point, such as 80.0",
        "{{ humanize \"x\" }}                 | error calling humanize: \"x\" is not a number",
        "{{ .Labels.job.more }}               | can't look for field more in a string",
        "{{ query \"nothing\" ~PIPE~ first }} | error calling first: first() called on vector with no elements",
        "{{ query \"sum(\" }}                 | error calling query: 1:5: parse error",
        "{{ reReplaceAll \"(\" \"\" \"y\" }}  | error calling reReplaceAll: bad regular expression \"(\": missing closing )",
        "{{ template \"nope\" }}              | template \"nope\" is not defined",
        "{{ value 5 }}                        | error calling value: wrong type: expected a sample, got a int",
        "{{ printf \"%2000d\" 1 }}            | error calling printf: width or precision over 1000",
        "{{ range 5.0 }}{{ end }}             | range can't go over a float64",
      })
  void givenTemplateThatFails_whenExpanded_thenItSaysWhy(String template, String message) {
    String text = template.replace("~PIPE~", "|");
    assertThatThrownBy(() -> expand(text))
        .isInstanceOf(TemplateException.class)
        .hasMessage(message);
  }

  @Test
  void givenTemplateWithoutEnd_whenExpanded_thenItGivesUp() {
    assertThatThrownBy(() -> expand("{{ range 10000 }}{{ range 10000 }}{{ end }}{{ end }}"))
        .hasMessage("gave up after 100000 steps");
    assertThatThrownBy(() -> expand("{{ range 10000 }}0123456789{{ end }}"))
        .hasMessage("the result is longer than 65536 characters");
    assertThatThrownBy(
            () -> expand("{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}"))
        .hasMessage("templates call each other more than 100 deep");
    assertThatThrownBy(
            () -> expand("{{ $x := \"ab\" }}{{ range 40 }}{{ $x = print $x $x }}{{ end }}"))
        .hasMessage("print gives more than 65536 characters");
    assertThatThrownBy(() -> expand("{{ range 1000 }}{{ $x := query \"y\" }}{{ end }}"))
        .hasMessageContaining("gave up after 100000 steps");
    assertThatThrownBy(() -> Template.parse("{{ ((((((((((".repeat(10)))
        .isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> Template.parse("{{ if true }}".repeat(51)))
        .hasMessage("more than 50 blocks within each other");
  }
}
