package vigie.base.docs;

import java.util.ArrayList;
import java.util.List;

/** Cuts a line of a shell into commands and words, as far as documents write them. */
final class Shell {
  private final List<List<String>> commands = new ArrayList<>();
  private List<String> words = new ArrayList<>();
  private final StringBuilder word = new StringBuilder();
  private boolean inWord;

  private Shell() {}

  static List<List<String>> commands(String line) {
    Shell shell = new Shell();
    shell.read(line);
    shell.endCommand();
    return shell.commands;
  }

  private void read(String line) {
    int at = 0;
    while (at < line.length()) {
      char c = line.charAt(at);
      if (c == '\'' || c == '"') {
        int end = line.indexOf(c, at + 1);
        inWord = true;
        word.append(line, at + 1, end < 0 ? line.length() : end);
        at = end < 0 ? line.length() : end;
      } else if (line.startsWith("$(", at)) {
        int end = line.indexOf(')', at);
        inWord = true;
        word.append("x");
        at = end < 0 ? line.length() : end;
      } else if (c == ' ') {
        endWord();
      } else if (!inWord && (c == '#' || c == '(')) {
        return;
      } else if (c == '|' || c == ';' || c == '&') {
        endCommand();
      } else if (c == '>' || c == '<') {
        // Where to or where from is none of the command's words.
        endWord();
        at = skipped(line, at);
      } else {
        inWord = true;
        word.append(c);
      }
      at++;
    }
  }

  private static int skipped(String line, int from) {
    int at = from + 1;
    while (at < line.length() && (line.charAt(at) == ' ' || line.charAt(at) == '>')) {
      at++;
    }
    while (at < line.length() && line.charAt(at) != ' ' && line.charAt(at) != '|') {
      at++;
    }
    return at - 1;
  }

  private void endWord() {
    if (inWord) {
      words.add(word.toString());
      word.setLength(0);
      inWord = false;
    }
  }

  private void endCommand() {
    endWord();
    if (!words.isEmpty()) {
      commands.add(words);
      words = new ArrayList<>();
    }
  }
}
