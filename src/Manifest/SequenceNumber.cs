namespace Fota.Manifest;

/// <summary>SUIT's manifest sequence number (draft-ietf-suit-manifest section 8.4.2): grows with every release of a product, re-issues included.</summary>
/// <param name="Value">Zero stands for "no release confirmed yet".</param>
public readonly record struct SequenceNumber(ulong Value) : IComparable<SequenceNumber>
{
    /// <inheritdoc/>
    public int CompareTo(SequenceNumber other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();

    /// <summary>Order by value.</summary>
    public static bool operator <(SequenceNumber left, SequenceNumber right) => left.Value < right.Value;

    /// <summary>Order by value.</summary>
    public static bool operator >(SequenceNumber left, SequenceNumber right) => left.Value > right.Value;

    /// <summary>Order by value.</summary>
    public static bool operator <=(SequenceNumber left, SequenceNumber right) => left.Value <= right.Value;

    /// <summary>Order by value.</summary>
    public static bool operator >=(SequenceNumber left, SequenceNumber right) => left.Value >= right.Value;
}
