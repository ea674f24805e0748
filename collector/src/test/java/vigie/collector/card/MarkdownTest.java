package vigie.collector.card;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MarkdownTest {
  @Test
  void givenPage_whenMade_thenHeadingsParagraphsListsAndCodeAreWhatTheyWere() {
    String page =
        """
        # One
        a line
        and one more

        ## Two
        - first
          goes on
        - second
        ```
        # a < b && "c"
        - none
        ```
        end
        """;
    assertThat(Markdown.html(page))
        .isEqualTo(
            """
            <h1>One</h1>
            <p>
            a line
            and one more
            </p>
            <h2>Two</h2>
            <ul>
            <li>first
            goes on
            <li>second
            </ul>
            <pre><code># a &lt; b &amp;&amp; &quot;c&quot;
            - none
            </code></pre>
            <p>
            end
            </p>
            """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "say `a < b` **now** | say <code>a &lt; b</code> <strong>now</strong>",
        "[NodeSilent](NodeSilent.md) | <a href=\"NodeSilent\">NodeSilent</a>",
        "[`x`](https://example.org/a?b=c&d) | <a href=\"https://example.org/a?b=c&amp;d\"><code>x</code></a>",
        "[x](javascript:alert(1)) | x)",
        "[x](//example.org/y.md) | x",
        "[x](../secret.md) | x",
        "<script>alert(1)</script> | &lt;script&gt;alert(1)&lt;/script&gt;",
        "a ` b ** c [d | a ` b ** c [d",
        "####### seven | ####### seven",
      })
  void givenLine_whenMade_thenOnlyWhatWeUseIsMoreThanText(String line, String html) {
    assertThat(Markdown.html(line)).isEqualTo("<p>\n" + html + "\n</p>\n");
  }

  @Test
  void givenFenceWithoutItsEnd_whenMade_thenTheRestIsCode() {
    assertThat(Markdown.html("```\na")).isEqualTo("<pre><code>a\n</code></pre>\n");
  }
}
