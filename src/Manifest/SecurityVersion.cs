namespace Fota.Manifest;

/// <summary>The security version of an image, and of a device its floor: raised only when older images must never boot again (promise P4).</summary>
/// <param name="Value">Zero is the floor of a device that never raised it.</param>
public readonly record struct SecurityVersion(uint Value) : IComparable<SecurityVersion>
{
    /// <inheritdoc/>
    public int CompareTo(SecurityVersion other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();

    /// <summary>Order by value.</summary>
    public static bool operator <(SecurityVersion left, SecurityVersion right) => left.Value < right.Value;

    /// <summary>Order by value.</summary>
    public static bool operator >(SecurityVersion left, SecurityVersion right) => left.Value > right.Value;

    /// <summary>Order by value.</summary>
    public static bool operator <=(SecurityVersion left, SecurityVersion right) => left.Value <= right.Value;

    /// <summary>Order by value.</summary>
    public static bool operator >=(SecurityVersion left, SecurityVersion right) => left.Value >= right.Value;
}
