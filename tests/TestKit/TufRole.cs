using System.Text.Json.Nodes;

namespace Fota.TestKit;

/// <summary>A role of a <see cref="TufRepository"/>. Change it, then publish.</summary>
public sealed class TufRole(string name)
{
    private readonly Dictionary<TufRole, IReadOnlyList<TufKey>> _keys = [];
    private IReadOnlyList<TufKey>? _signers;

    public string Name { get; } = name;

    /// <summary>The keys that its delegators list for it; each delegator may list others.</summary>
    public IReadOnlyList<TufKey> Keys { get; set; } = [];

    public int Threshold { get; set; } = 1;

    /// <summary>Who signs: all keys, unless a test says otherwise.</summary>
    public IReadOnlyList<TufKey> Signers
    {
        get => _signers ?? Keys;
        set => _signers = value;
    }

    public long Version { get; set; }

    public DateTimeOffset Expires { get; set; }

    /// <summary>What it lists, by path.</summary>
    public JsonObject Targets { get; } = [];

    /// <summary>Whom it delegates to, in order.</summary>
    public IList<TufDelegation> Delegations { get; } = [];

    /// <summary>A last change of what will be signed.</summary>
    public Action<JsonObject>? Change { get; set; }

    /// <summary>A last change of the whole file, after it was signed.</summary>
    public Action<JsonObject>? Spoil { get; set; }

    /// <summary>Delegates to a new role with one new key, which is not published yet.</summary>
    public TufRole Delegate(string name, params IReadOnlyList<string> paths)
    {
        TufRole role = new(name) { Keys = [TufKey.Ed25519()], Expires = Expires };
        Delegations.Add(new TufDelegation(role, paths));
        return role;
    }

    public void ResetSigners() => _signers = null;

    /// <summary>The keys that one delegator lists, where they differ from <see cref="Keys"/>.</summary>
    public IReadOnlyList<TufKey> KeysBy(TufRole delegator) => _keys.GetValueOrDefault(delegator, Keys);

    public void SetKeysBy(TufRole delegator, params IReadOnlyList<TufKey> keys) => _keys[delegator] = keys;
}

/// <summary>A delegation: by path patterns, or by prefixes of the paths' hashes.</summary>
public sealed record TufDelegation(TufRole Role, IReadOnlyList<string>? Paths, IReadOnlyList<string>? PathHashPrefixes = null, bool Terminating = false);
