using System.Formats.Cbor;
using Fota.Manifest.Encoding;
using Fota.Manifest.Suit;

namespace Fota.Manifest;

/// <summary>How a version has to stand to another (draft-ietf-suit-update-management, suit-parameter-version). The numbers are the draft's.</summary>
public enum VersionRelation
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Above it.</summary>
    Greater = 1,

    /// <summary>Above it or equal.</summary>
    GreaterOrEqual = 2,

    /// <summary>Equal.</summary>
    Equal = 3,

    /// <summary>Below it or equal.</summary>
    LesserOrEqual = 4,

    /// <summary>Below it.</summary>
    Lesser = 5,
}

/// <summary>One comparison of a version with a list of numbers.</summary>
public sealed class VersionComparison : IEquatable<VersionComparison>
{
    /// <summary>Most numbers of a version.</summary>
    public const int MaxNumbers = 8;

    private readonly long[] _numbers;

    /// <summary>Makes a comparison.</summary>
    /// <exception cref="RejectedException">No such relation, or not 1 to <see cref="MaxNumbers"/> numbers.</exception>
    public VersionComparison(VersionRelation relation, IReadOnlyCollection<long> numbers)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        Relation = relation is >= VersionRelation.Greater and <= VersionRelation.Lesser
            ? relation
            : throw new RejectedException(RejectionReason.ValueOutOfRange, $"version comparison: wanted a type of 1 to 5, got {(int)relation}");
        _numbers = numbers.Count is > 0 and <= MaxNumbers
            ? [.. numbers]
            : throw new RejectedException(RejectionReason.ValueOutOfRange, $"version comparison: wanted 1 to {MaxNumbers} numbers, got {numbers.Count}");
    }

    /// <summary>How the version has to stand to <see cref="Numbers"/>.</summary>
    public VersionRelation Relation { get; }

    /// <summary>The numbers, the most significant first.</summary>
    public IReadOnlyList<long> Numbers => _numbers;

    /// <summary>
    /// Whether <paramref name="version"/> stands so. Numbers are compared one by one, as many as this comparison has: "equal 1.2" holds for every
    /// 1.2.x. What the version does not have counts as 0, which lies above every pre-release.
    /// </summary>
    public bool HoldsFor(IReadOnlyList<long> version)
    {
        ArgumentNullException.ThrowIfNull(version);
        int order = 0;
        for (int i = 0; i < _numbers.Length && order == 0; i++)
        {
            order = (i < version.Count ? version[i] : 0).CompareTo(_numbers[i]);
        }

        return Relation switch
        {
            VersionRelation.Greater => order > 0,
            VersionRelation.GreaterOrEqual => order >= 0,
            VersionRelation.Equal => order == 0,
            VersionRelation.LesserOrEqual => order <= 0,
            _ => order < 0,
        };
    }

    /// <inheritdoc/>
    public bool Equals(VersionComparison? other) => other is not null && Relation == other.Relation && _numbers.AsSpan().SequenceEqual(other._numbers);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VersionComparison);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>For example "&gt;=1.0.0".</summary>
    public override string ToString() => Symbol + string.Join('.', _numbers);

    private string Symbol => Relation switch
    {
        VersionRelation.Greater => ">",
        VersionRelation.GreaterOrEqual => ">=",
        VersionRelation.Equal => "=",
        VersionRelation.LesserOrEqual => "<=",
        _ => "<",
    };

    internal static VersionComparison Decode(ReadOnlyMemory<byte> bytes) => CborDoor.Decode(bytes, "version comparison", static reader =>
    {
        long? type = null;
        List<long> numbers = [];
        reader.ReadArray("version comparison", 2, index =>
        {
            if (index == 0)
            {
                type = reader.ReadInt64();
            }
            else
            {
                reader.ReadArray("version comparison", MaxNumbers, _ => numbers.Add(reader.ReadInt64()));
            }
        });
        long relation = CborDoor.Require(type, "version comparison: type");
        return new VersionComparison(relation is >= 1 and <= 5 ? (VersionRelation)relation : VersionRelation.None, numbers);
    });

    internal void Write(CborWriter writer)
    {
        writer.WriteStartArray(2);
        writer.WriteInt64((long)Relation);
        writer.WriteArray(_numbers, static (w, number) => w.WriteInt64(number));
        writer.WriteEndArray();
    }
}
