package vigie.base.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class DocPageTest {
  private static DocPage page(String text) {
    return new DocPage(Path.of("a.md"), text.lines().toList());
  }

  @Test
  void givenBlocksWithAndWithoutPrompts_whenReadForCommands_thenOnlyThoseOfTheProgram() {
    DocPage page =
        page(
            """
            ```
            $ prog list -l 'a b' | sort   # said
            prog lists nothing
            ```
            ```
            X=1 sudo bin/prog add \\
              --for "2 h" >out.txt && other
            prog show ID   (an id)
            ```
            ```yaml
            prog none
            ```
            """);
    assertThat(page.commands("prog"))
        .extracting(DocPage.Command::words)
        .containsExactly(
            List.of("list", "-l", "a b"), List.of("add", "--for", "2 h"), List.of("show", "ID"));
  }

  @Test
  void givenLinksAndHeadings_whenRead_thenThoseOutsideOfCode() {
    DocPage page =
        page(
            """
            # A b: `c`, d
            see [x](y.md#z) and `[no](no.md)`, <img src="p.png">
            ```
            # none
            [no](no.md)
            ```
            ## A b: `c`, d
            """);
    assertThat(page.links()).containsExactly("y.md#z", "p.png");
    assertThat(page.anchors()).containsExactly("a-b-c-d", "a-b-c-d-1");
  }
}
