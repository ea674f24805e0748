#!/usr/bin/env python3
"""A line-based calculator on TCP, so that there is something to watch.

calculator.py [PORT]    (13337)
Greets with "calculator ready", answers "2 + 3" with "5" and anything it does not understand with "error".
"""
import ast
import operator
import socketserver
import sys

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
}
LONGEST_LINE = 200


def value(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](value(node.left), value(node.right))
    if isinstance(node, ast.UnaryOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](value(node.operand))
    raise ValueError("not arithmetic")


def answer(line):
    try:
        return str(value(ast.parse(line.strip(), mode="eval").body))
    except (ValueError, SyntaxError, ZeroDivisionError, OverflowError, RecursionError, MemoryError):
        return "error"


class Calculation(socketserver.StreamRequestHandler):
    timeout = 60

    def handle(self):
        try:
            self.wfile.write(b"calculator ready\n")
            while line := self.rfile.readline(LONGEST_LINE):
                self.wfile.write(answer(line.decode("utf-8", "replace")).encode() + b"\n")
        except OSError:
            pass  # who hangs up needs no answer


class Calculator(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 13337
    with Calculator(("127.0.0.1", port), Calculation) as server:
        server.serve_forever()
