using System.Globalization;
using System.Text;

namespace Fota.Manifest.Tests.Vectors;

/// <summary>One negative vector: one failure, the clause it breaks, and the reason that has to be named.</summary>
/// <param name="Folder">envelope, manifest, metadata or workflow: which reader it is given to, see tests/vectors/README.md.</param>
/// <param name="Name">File name without ".vec".</param>
/// <param name="Expect">The reason.</param>
/// <param name="Clause">The clause of docs/spec.</param>
/// <param name="About">What is wrong, for people.</param>
/// <param name="Body">The lines after the header.</param>
internal sealed record VectorCase(string Folder, string Name, RejectionReason Expect, string Clause, string About, IReadOnlyList<string> Body)
{
    private const int BytesPerLine = 64;

    public string RelativePath => Path.Combine(Folder, Name + ".vec");

    /// <summary>A vector whose body is one CBOR document.</summary>
    public static VectorCase Cbor(string folder, string name, RejectionReason expect, string clause, string about, byte[] document) =>
        new(folder, name, expect, clause, about, [.. document.Chunk(BytesPerLine).Select(Convert.ToHexStringLower)]);

    public string ToText() => new StringBuilder()
        .Append(CultureInfo.InvariantCulture, $"expect: {Expect}\nclause: {Clause}\nabout: {About}\n\n")
        .AppendJoin('\n', Body)
        .Append('\n')
        .ToString();

    public static VectorCase Parse(string folder, string name, string text)
    {
        int end = text.IndexOf("\n\n", StringComparison.Ordinal);
        Dictionary<string, string> header = text[..end].Split('\n').Select(static line => line.Split(": ", 2)).ToDictionary(static parts => parts[0], static parts => parts[1], StringComparer.Ordinal);
        return new(folder, name, Enum.Parse<RejectionReason>(header["expect"]), header["clause"], header["about"], text[(end + 2)..].TrimEnd('\n').Split('\n'));
    }

    /// <summary>The document of a body of hexadecimal lines.</summary>
    public byte[] Document() => Convert.FromHexString(string.Concat(Body));

    public override string ToString() => RelativePath;
}
