using Fota.Manifest.Metadata;

namespace Fota.TestKit;

/// <summary>A role of the simulated repository. Change it, then publish.</summary>
public class SimulatedRole(string name, int threshold, params IReadOnlyList<SoftwareKey> keys)
{
    private IReadOnlyList<SoftwareKey>? _signers;

    public string Name { get; } = name;

    /// <summary>The keys that its parent lists for it.</summary>
    public IReadOnlyList<SoftwareKey> Keys { get; set; } = keys;

    public int Threshold { get; set; } = threshold;

    /// <summary>Who signs; as many of the keys as the threshold demands, unless a test says otherwise.</summary>
    public IReadOnlyList<SoftwareKey> Signers
    {
        get => _signers ?? [.. Keys.Take(Threshold)];
        set => _signers = value;
    }

    /// <summary>The version that was published last; the next one is one more.</summary>
    public long Version { get; set; }

    public DateTimeOffset Expires { get; set; }

    public RoleKeys PublicKeys => new(Keys.Select(static key => key.PublicKey), Threshold);

    /// <summary>Goes back to the signers that the threshold demands.</summary>
    public void ResetSigners() => _signers = null;
}

/// <summary>The delegated role of a product, and what it lists.</summary>
public sealed class SimulatedProduct(string name, int threshold, params IReadOnlyList<SoftwareKey> keys) : SimulatedRole(name, threshold, keys)
{
    public IReadOnlyList<string> Paths { get; set; } = [$"{name}/*/manifest.suit"];

    public bool Terminating { get; set; }

    public IDictionary<string, TargetFile> Targets { get; } = new Dictionary<string, TargetFile>(StringComparer.Ordinal);

    /// <summary>The hash bins that the product delegates to, in their order; none in a small product.</summary>
    public IList<SimulatedBin> Bins { get; } = [];
}

/// <summary>A hash bin of a product, which is signed by the product's keys unless a test says otherwise.</summary>
public sealed class SimulatedBin(string name, int threshold, params IReadOnlyList<SoftwareKey> keys) : SimulatedRole(name, threshold, keys)
{
    public IReadOnlyList<string> Prefixes { get; set; } = [name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]];

    public bool Terminating { get; set; }

    public IDictionary<string, TargetFile> Targets { get; } = new Dictionary<string, TargetFile>(StringComparer.Ordinal);

    internal DelegatedRole Delegation => DelegatedRole.ToHashBin(Name, PublicKeys, Prefixes, Terminating);
}
