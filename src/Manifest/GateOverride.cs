using System.Formats.Cbor;
using Fota.Manifest.Encoding;

namespace Fota.Manifest;

/// <summary>
/// The gates that a release may pass although they are closed: the emergency flag, which its author and its approvers signed. It opens gates and nothing
/// else: promises P1 to P4, version conditions and the floor are asked as ever, and a device may hold any of its gates closed all the same.
/// </summary>
public sealed class GateOverride : IEquatable<GateOverride>
{
    private readonly ValueList<GateKind> _gates;

    private GateOverride(ValueList<GateKind> gates) => _gates = gates;

    /// <summary>Of an ordinary release: none.</summary>
    public static GateOverride None { get; } = new([]);

    /// <summary>The gates, each once, in the order of their numbers.</summary>
    public IReadOnlyList<GateKind> Gates => _gates;

    /// <summary>Some gates, in any order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of them is none.</exception>
    public static GateOverride Of(params IEnumerable<GateKind> gates)
    {
        GateKind[] each = [.. gates.Distinct().Order()];
        return Array.TrueForAll(each, GateKinds.All.Contains) ? new GateOverride([.. each]) : throw new ArgumentOutOfRangeException(nameof(gates));
    }

    /// <summary>Reads names with ',' between them, each once, for example "power,maintenance-window".</summary>
    /// <exception cref="RejectedException">Not that form.</exception>
    public static GateOverride Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<GateKind> gates = [];
        foreach (string name in text.Split(','))
        {
            gates.Add(GateKinds.TryParse(name, out GateKind kind) && !gates.Contains(kind)
                ? kind
                : throw new RejectedException(RejectionReason.ValueOutOfRange, $"gates: wanted some of {string.Join(',', GateKinds.All.Select(GateKinds.Name))}, each once, got \"{text}\""));
        }

        return Of(gates);
    }

    /// <summary>Whether the release may pass a closed gate of this kind.</summary>
    public bool Includes(GateKind gate) => _gates.Contains(gate);

    /// <inheritdoc/>
    public bool Equals(GateOverride? other) => other is not null && _gates.Equals(other._gates);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GateOverride);

    /// <inheritdoc/>
    public override int GetHashCode() => _gates.GetHashCode();

    /// <summary>The form that <see cref="Parse"/> reads; "none" for <see cref="None"/>.</summary>
    public override string ToString() => _gates.Count == 0 ? "none" : string.Join(',', _gates.Select(GateKinds.Name));

    internal void Write(CborWriter writer)
    {
        writer.WriteStartArray(_gates.Count);
        foreach (GateKind gate in _gates)
        {
            writer.WriteInt32((int)gate);
        }

        writer.WriteEndArray();
    }

    // An empty list and one in another order would be further encodings of the same content (manifest.md M-36).
    internal static GateOverride Read(CborReader reader)
    {
        List<GateKind> gates = [];
        reader.ReadArray("fetch arguments: gates", GateKinds.All.Count, _ =>
        {
            long number = reader.ReadInt64();
            GateKind gate = GateKinds.All.FirstOrDefault(kind => (long)kind == number);
            if (gate == GateKind.None)
            {
                throw ManifestDecoder.Unsupported($"fetch arguments: gate {number}");
            }

            gates.Add(gates.Count == 0 || gates[^1] < gate
                ? gate
                : throw new RejectedException(RejectionReason.ValueOutOfRange, $"fetch arguments: gates: wanted increasing numbers, got {number} after {(int)gates[^1]}"));
        });
        return gates.Count > 0 ? Of(gates) : throw new RejectedException(RejectionReason.ValueOutOfRange, "fetch arguments: gates: wanted one at least, or no such field");
    }
}
