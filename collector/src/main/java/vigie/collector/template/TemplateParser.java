package vigie.collector.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads a template's text once, from left to right. */
final class TemplateParser {
  private static final int MOST_CHARS = 256 * 1024;
  private static final int DEEPEST = 50;

  private final String text;
  private final Map<String, List<Node>> defined = new HashMap<>();
  private final List<String> variables = new ArrayList<>(Expansion.GIVEN.keySet());

  /** The blocks that are open, innermost first: if, range, with, define. */
  private final Deque<String> open = new ArrayDeque<>();

  private int pos;
  private boolean trimNext;
  private int parentheses;

  TemplateParser(String text) {
    this.text = text;
  }

  Template parse() {
    if (text.length() > MOST_CHARS) {
      throw fault(0, "the template is longer than " + MOST_CHARS + " characters");
    }
    List<Node> nodes = new ArrayList<>();
    String end = block(nodes);
    if (!end.isEmpty()) {
      throw fault(pos, "unexpected {{" + end + "}}; no block is open");
    }
    return new Template(text, nodes, defined);
  }

  /**
   * Reads nodes up to the {@code end} or {@code else} of this block and gives that word, the action
   * read up to it; {@code ""} at the end of the text.
   */
  private String block(List<Node> nodes) {
    while (pos < text.length()) {
      int start = text.indexOf("{{", pos);
      String literal = text.substring(pos, start < 0 ? text.length() : start);
      if (trimNext) {
        literal = literal.stripLeading();
        trimNext = false;
      }
      if (start >= 0 && opensTrimming(start)) {
        literal = literal.stripTrailing();
      }
      if (!literal.isEmpty()) {
        nodes.add(new Node.Text(literal));
      }
      if (start < 0) {
        pos = text.length();
        return "";
      }
      pos = start + (opensTrimming(start) ? 3 : 2);
      if (comment(start)) {
        continue;
      }
      String end = action(nodes, start);
      if (!end.isEmpty()) {
        return end;
      }
    }
    return "";
  }

  private boolean opensTrimming(int start) {
    return start + 3 < text.length()
        && text.charAt(start + 2) == '-'
        && Character.isWhitespace(text.charAt(start + 3));
  }

  private boolean comment(int start) {
    int at = pos;
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    if (!text.startsWith("/*", at)) {
      return false;
    }
    int end = text.indexOf("*/", at + 2);
    if (end < 0) {
      throw fault(start, "the comment is not closed with */}}");
    }
    pos = end + 2;
    close();
    return true;
  }

  /**
   * One action; gives {@code end} or {@code else} and leaves the rest of that one to the caller.
   */
  private String action(List<Node> nodes, int start) {
    blanks();
    String word = peekWord();
    switch (word) {
      case "end", "else" -> {
        pos += word.length();
        return word;
      }
      case "if", "with", "range" -> {
        pos += word.length();
        nodes.add(branch(word, start));
      }
      case "define" -> {
        pos += word.length();
        define(start);
      }
      case "template" -> {
        pos += word.length();
        nodes.add(include(start));
      }
      case "break", "continue" -> {
        if (!open.contains("range")) {
          throw fault(start, "{{" + word + "}} outside {{range}}");
        }
        pos += word.length();
        close();
        nodes.add(word.equals("break") ? new Node.Break() : new Node.Continue());
      }
      case "block" -> {
        pos += word.length();
        nodes.add(blockAction(start));
      }
      default -> {
        nodes.add(new Node.Action(pipeline(false, "}}")));
        close();
      }
    }
    return "";
  }

  private Node branch(String kind, int start) {
    if (open.size() >= DEEPEST) {
      throw fault(start, "more than " + DEEPEST + " blocks within each other");
    }
    int scope = variables.size();
    Node.Pipeline pipeline = pipeline(kind.equals("range"), "}}");
    close();
    open.push(kind);
    List<Node> then = new ArrayList<>();
    List<Node> otherwise = new ArrayList<>();
    int inner = variables.size();
    String end = block(then);
    forget(inner);
    if (end.equals("else")) {
      blanks();
      String chained = peekWord();
      if (chained.equals(kind) && !kind.equals("range")) {
        // {{else if x}} is {{else}}{{if x}} with one {{end}} for both, which the inner one takes.
        pos += chained.length();
        otherwise.add(branch(chained, start));
        open.pop();
        forget(scope);
        return node(kind, pipeline, then, otherwise);
      }
      close();
      end = block(otherwise);
    }
    if (!end.equals("end")) {
      throw fault(
          end.isEmpty() ? start : pos,
          end.isEmpty() ? "{{" + kind + "}} lacks its {{end}}" : "a second {{else}}");
    }
    close();
    open.pop();
    forget(scope);
    return node(kind, pipeline, then, otherwise);
  }

  private static Node node(
      String kind, Node.Pipeline pipeline, List<Node> then, List<Node> otherwise) {
    return switch (kind) {
      case "if" -> new Node.If(pipeline, List.copyOf(then), List.copyOf(otherwise));
      case "with" -> new Node.With(pipeline, List.copyOf(then), List.copyOf(otherwise));
      default -> new Node.Range(pipeline, List.copyOf(then), List.copyOf(otherwise));
    };
  }

  private void define(int start) {
    if (!open.isEmpty()) {
      throw fault(start, "{{define}} within another block");
    }
    String name = quotedName(start, "define");
    close();
    defined.put(name, body("define", start));
  }

  /** {@code block} defines a template and uses it where it stands. */
  private Node blockAction(int start) {
    if (open.size() >= DEEPEST) {
      throw fault(start, "more than " + DEEPEST + " blocks within each other");
    }
    String name = quotedName(start, "block");
    Node.Pipeline data = pipeline(false, "}}");
    close();
    defined.put(name, body("block", start));
    return new Node.Include(start, name, data);
  }

  /** What a template that is defined here consists of; it sees no variables of around it. */
  private List<Node> body(String kind, int start) {
    List<String> outer = List.copyOf(variables);
    variables.clear();
    open.push(kind);
    List<Node> body = new ArrayList<>();
    if (!block(body).equals("end")) {
      throw fault(start, "{{" + kind + "}} lacks its {{end}}");
    }
    close();
    open.pop();
    variables.clear();
    variables.addAll(outer);
    return List.copyOf(body);
  }

  private Node include(int start) {
    String name = quotedName(start, "template");
    blanks();
    Node.Pipeline data = atClose() ? null : pipeline(false, "}}");
    close();
    return new Node.Include(start, name, data);
  }

  private String quotedName(int start, String word) {
    blanks();
    if (pos < text.length() && (text.charAt(pos) == '"' || text.charAt(pos) == '`')) {
      return quoted();
    }
    throw fault(start, "{{" + word + "}} needs a name in quotes");
  }

  private Node.Pipeline pipeline(boolean range, String end) {
    blanks();
    int start = pos;
    List<String> declared = new ArrayList<>();
    boolean assigns = false;
    if (peek() == '$') {
      int back = pos;
      declared.add(variableName());
      blanks();
      if (range && peek() == ',') {
        pos++;
        blanks();
        if (peek() != '$') {
          throw fault(pos, "range needs a second variable after the comma");
        }
        declared.add(variableName());
        blanks();
      }
      if (text.startsWith(":=", pos)) {
        pos += 2;
      } else if (peek() == '=') {
        assigns = true;
        pos++;
      } else {
        pos = back;
        declared.clear();
      }
    }
    for (String name : declared) {
      if (assigns && !variables.contains(name)) {
        throw fault(start, "undefined variable $" + name);
      }
    }
    List<Node.Command> commands = new ArrayList<>();
    boolean piped = false;
    while (true) {
      blanks();
      commands.add(command(piped, end));
      blanks();
      if (peek() != '|') {
        break;
      }
      pos++;
      piped = true;
    }
    if (!assigns) {
      variables.addAll(declared);
    }
    return new Node.Pipeline(start, List.copyOf(declared), assigns, List.copyOf(commands));
  }

  private Node.Command command(boolean piped, String end) {
    int start = pos;
    List<Node.Operand> words = new ArrayList<>();
    while (true) {
      blanks();
      if (pos >= text.length()) {
        throw fault(start, "the action is not closed with }}");
      }
      if (peek() == '|' || peek() == ')' || atClose()) {
        break;
      }
      words.add(operand());
      char next = pos < text.length() ? text.charAt(pos) : ' ';
      if (!Character.isWhitespace(next) && next != '|' && next != ')' && !atClose()) {
        throw fault(pos, "unexpected " + shown(next) + " after an operand");
      }
    }
    if (peek() == ')' && end.equals("}}") && parentheses == 0) {
      throw fault(pos, "unexpected \")\"");
    }
    if (words.isEmpty()) {
      throw fault(start, "missing value");
    }
    checkCall(words, piped, start);
    return new Node.Command(start, List.copyOf(words));
  }

  /**
   * The number of arguments is known here, so that a rule that can never be expanded isn't loaded.
   */
  private void checkCall(List<Node.Operand> words, boolean piped, int start) {
    int given = words.size() - 1 + (piped ? 1 : 0);
    Node.Operand first = words.get(0);
    if (first instanceof Node.Call call) {
      call.function().check(given, message -> fault(call.at(), message));
    } else if (given > 0 && (piped || words.size() > 1)) {
      throw fault(start, "a value that is no function is given an argument");
    }
    for (Node.Operand word : words.subList(1, words.size())) {
      if (word instanceof Node.Call call) {
        call.function().check(0, message -> fault(call.at(), message));
      }
    }
  }

  private Node.Operand operand() {
    int start = pos;
    Node.Operand operand = plainOperand();
    List<String> names = new ArrayList<>();
    if (operand instanceof Node.Dot && isNameStart(peek())) {
      names.add(name());
    }
    while (peek() == '.' && pos + 1 < text.length() && isNameStart(text.charAt(pos + 1))) {
      pos++;
      names.add(name());
    }
    if (names.isEmpty()) {
      return operand;
    }
    if (operand instanceof Node.Constant) {
      throw fault(start, "a constant has no fields");
    }
    return new Node.Field(start, operand, List.copyOf(names));
  }

  private Node.Operand plainOperand() {
    int start = pos;
    char c = peek();
    if (c == '.' && !(pos + 1 < text.length() && isDigit(text.charAt(pos + 1)))) {
      pos++;
      return new Node.Dot();
    }
    if (c == '"' || c == '`') {
      return new Node.Constant(quoted());
    }
    if (c == '\'') {
      return new Node.Constant(character());
    }
    if (c == '$') {
      String name = variableName();
      if (!name.isEmpty() && !variables.contains(name)) {
        throw fault(
            start,
            "undefined variable $" + name + "; known here: $" + String.join(", $", variables));
      }
      return new Node.Variable(name);
    }
    if (c == '(') {
      return inner(start);
    }
    if (isDigit(c) || c == '+' || c == '-' || c == '.') {
      return new Node.Constant(number());
    }
    if (isNameStart(c)) {
      return word(start);
    }
    throw fault(start, "unexpected " + shown(c) + " in an action");
  }

  private Node.Operand inner(int start) {
    if (++parentheses > DEEPEST) {
      throw fault(start, "more than " + DEEPEST + " parentheses within each other");
    }
    pos++;
    Node.Pipeline pipeline = pipeline(false, ")");
    if (peek() != ')') {
      throw fault(start, "the parenthesis is not closed");
    }
    if (!pipeline.variables().isEmpty()) {
      throw fault(start, "a variable can't be set within parentheses");
    }
    pos++;
    parentheses--;
    return new Node.Inner(pipeline);
  }

  private Node.Operand word(int start) {
    String name = name();
    switch (name) {
      case "true":
        return new Node.Constant(true);
      case "false":
        return new Node.Constant(false);
      case "nil":
        return new Node.Constant(null);
      default:
        Function function = Function.of(name);
        if (function == null) {
          throw fault(start, Function.unknown(name));
        }
        return new Node.Call(start, name, function);
    }
  }

  private Object number() {
    int start = pos;
    while (pos < text.length()
        && (Character.isLetterOrDigit(text.charAt(pos)) || "+-._".indexOf(text.charAt(pos)) >= 0)) {
      pos++;
    }
    String digits = text.substring(start, pos).replace("_", "");
    try {
      return whole(digits);
    } catch (NumberFormatException notWhole) {
      try {
        char last = digits.charAt(digits.length() - 1);
        if (last != 'd' && last != 'f' && last != 'D' && last != 'F') {
          return Double.valueOf(digits);
        }
      } catch (NumberFormatException e) {
        // said below
      }
      throw fault(start, "bad number " + digits);
    }
  }

  /** In base 10, or 16, 8 and 2 by the prefixes of Go. */
  private static long whole(String digits) {
    int sign = digits.startsWith("-") || digits.startsWith("+") ? 1 : 0;
    String prefix = digits.substring(sign, Math.min(digits.length(), sign + 2));
    if (prefix.equalsIgnoreCase("0o") || prefix.equalsIgnoreCase("0b")) {
      int radix = prefix.equalsIgnoreCase("0o") ? 8 : 2;
      return Long.parseLong(digits.substring(0, sign) + digits.substring(sign + 2), radix);
    }
    return Long.decode(digits);
  }

  private String quoted() {
    int start = pos;
    char quote = text.charAt(pos++);
    StringBuilder out = new StringBuilder();
    while (pos < text.length() && text.charAt(pos) != quote) {
      char c = text.charAt(pos++);
      if (quote == '"' && c == '\n') {
        break;
      }
      if (quote == '"' && c == '\\') {
        escape(out);
      } else {
        out.append(c);
      }
    }
    if (pos >= text.length() || text.charAt(pos) != quote) {
      throw fault(start, "the string is not closed");
    }
    pos++;
    return out.toString();
  }

  private Object character() {
    int start = pos++;
    StringBuilder out = new StringBuilder();
    while (pos < text.length() && text.charAt(pos) != '\'') {
      char c = text.charAt(pos++);
      if (c == '\\') {
        escape(out);
      } else {
        out.append(c);
      }
    }
    if (pos >= text.length() || out.codePointCount(0, out.length()) != 1) {
      throw fault(start, "bad character constant; strings stand in double quotes");
    }
    pos++;
    return (long) out.codePointAt(0);
  }

  /** What stands after a backslash, as in Go. */
  private void escape(StringBuilder out) {
    int start = pos - 1;
    char c = pos < text.length() ? text.charAt(pos++) : ' ';
    int digits =
        switch (c) {
          case 'x' -> 2;
          case 'u' -> 4;
          case 'U' -> 8;
          default -> 0;
        };
    if (c >= '0' && c <= '7' && text.substring(pos - 1).matches("(?s)[0-7]{3}.*")) {
      out.append((char) Integer.parseInt(text, pos - 1, pos + 2, 8));
      pos += 2;
      return;
    }
    int plain = "abfnrtv\\\"'".indexOf(c);
    if (digits > 0 && pos + digits <= text.length()) {
      try {
        out.appendCodePoint(Integer.parseInt(text, pos, pos + digits, 16));
        pos += digits;
        return;
      } catch (IllegalArgumentException e) {
        // said below
      }
    } else if (plain >= 0) {
      out.append("\u0007\b\f\n\r\t\u000b\\\"'".charAt(plain));
      return;
    }
    throw fault(start, "unknown escape \\" + c);
  }

  /** The name after {@code $}, empty for {@code $} alone: the data. */
  private String variableName() {
    pos++;
    return isNameStart(peek()) ? name() : "";
  }

  private String name() {
    int start = pos;
    while (isNameStart(peek()) || isDigit(peek())) {
      pos++;
    }
    return text.substring(start, pos);
  }

  private String peekWord() {
    int start = pos;
    String word = name();
    char next = peek();
    pos = start;
    return Character.isWhitespace(next)
            || next == '}'
            || next == '-'
            || next == '"'
            || next == '('
            || next == '$'
        ? word
        : "";
  }

  private boolean atClose() {
    return text.startsWith("}}", pos)
        || text.startsWith("-}}", pos) && pos > 0 && Character.isWhitespace(text.charAt(pos - 1));
  }

  private void close() {
    int start = pos;
    blanks();
    if (!atClose()) {
      throw fault(
          Math.min(start, text.length()),
          pos >= text.length() ? "the action is not closed with }}" : "expected }}");
    }
    trimNext = peek() == '-';
    pos += trimNext ? 3 : 2;
  }

  private void blanks() {
    while (pos < text.length() && Character.isWhitespace(text.charAt(pos))) {
      pos++;
    }
  }

  private void forget(int size) {
    variables.subList(size, variables.size()).clear();
  }

  /** The character here, NUL at the end. */
  private char peek() {
    return pos < text.length() ? text.charAt(pos) : '\0';
  }

  private static boolean isNameStart(char c) {
    return c == '_' || Character.isLetter(c);
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static String shown(char c) {
    return c == '\0' ? "end of the template" : "\"" + c + "\"";
  }

  private TemplateException fault(int at, String message) {
    return new TemplateException(text, at, message);
  }
}
