using System.Text.Json;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Metadata;

/// <summary>
/// Who else may list targets, and which (TUF 1.0.34 section 4.5): those whose path matches a pattern, or those the SHA-256 of whose path begins with
/// one of some hexadecimal digits (hash bins). In our profile it is a product, or a hash bin of one.
/// </summary>
public sealed class DelegatedRole
{
    private const string PathsMember = "paths", PrefixesMember = "path_hash_prefixes";

    /// <summary>Makes the delegation to a product.</summary>
    /// <exception cref="RejectedException">The name is no product's, or a pattern is unsafe.</exception>
    public DelegatedRole(string name, RoleKeys keys, IReadOnlyList<string> paths, bool terminating)
        : this(name, keys, paths, [], terminating)
    {
        ArgumentNullException.ThrowIfNull(paths);
        MetadataProfile.Fota.DemandRole(this);
    }

    internal DelegatedRole(string name, RoleKeys keys, IReadOnlyList<string> paths, IReadOnlyList<string> pathHashPrefixes, bool terminating)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(keys);
        Name = name;
        Keys = keys;
        Paths = [.. paths];
        PathHashPrefixes = [.. pathHashPrefixes];
        Terminating = terminating;
    }

    /// <summary>The role's name, for example "infusion-pump", or "infusion-pump.0a" for a hash bin.</summary>
    public string Name { get; }

    /// <summary>Who signs it.</summary>
    public RoleKeys Keys { get; }

    /// <summary>The patterns of the paths that it may list; '*' and '?' match within a segment. None in a hash bin.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>The first digits of the hashes of the paths that it may list. None where there are patterns.</summary>
    public IReadOnlyList<string> PathHashPrefixes { get; }

    /// <summary>Whether later delegations are not asked for a path that this one may list.</summary>
    public bool Terminating { get; }

    /// <summary>Makes the delegation to a hash bin.</summary>
    /// <param name="name">As <see cref="HashBin.NameOf"/> makes it.</param>
    /// <param name="keys">The product's own keys and threshold: a bin speaks with its product's voice.</param>
    /// <param name="pathHashPrefixes">1 to 64 lower-case hexadecimal digits each.</param>
    /// <param name="terminating">Whether later bins are not asked.</param>
    /// <exception cref="RejectedException">The name is no bin's, or a prefix is something else.</exception>
    public static DelegatedRole ToHashBin(string name, RoleKeys keys, IReadOnlyList<string> pathHashPrefixes, bool terminating)
    {
        ArgumentNullException.ThrowIfNull(pathHashPrefixes);
        DelegatedRole role = new(name, keys, [], pathHashPrefixes, terminating);
        MetadataProfile.Fota.DemandRole(role);
        return role;
    }

    /// <summary>Whether the role may list <paramref name="path"/>.</summary>
    public bool Covers(string path)
    {
        if (Paths.Any(pattern => TargetPath.Matches(path, pattern)))
        {
            return true;
        }

        string hash = PathHashPrefixes.Count == 0 ? "" : Sha256Digest.Of(System.Text.Encoding.UTF8.GetBytes(path)).ToString();
        return PathHashPrefixes.Any(prefix => hash.StartsWith(prefix, StringComparison.Ordinal));
    }

    internal static DelegatedRole Read(JsonElement role, IReadOnlyDictionary<MetadataKeyId, VerificationKey?> keys, MetadataProfile profile)
    {
        string name = role.Text("name");
        bool hasPaths = role.TryGetProperty(PathsMember, out _), hasPrefixes = role.TryGetProperty(PrefixesMember, out _);
        if (hasPaths == hasPrefixes)
        {
            // §4.5: "one and only one". Two would leave open which of them holds; none would have to mean all or nothing (A17).
            throw new RejectedException(
                hasPaths ? RejectionReason.UnknownField : RejectionReason.MissingField,
                $"a delegation: wanted either {PathsMember} or {PrefixesMember}, got {(hasPaths ? "both" : "neither")}");
        }

        DelegatedRole read = new(
            name,
            KeyJson.ReadRole(role, keys, profile),
            hasPaths ? role.Texts(PathsMember) : [],
            hasPrefixes ? role.Texts(PrefixesMember) : [],
            role.Flag("terminating"));
        profile.DemandRole(read);
        return read;
    }

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name", Name);
        KeyJson.WriteRole(writer, Keys);
        bool isBin = PathHashPrefixes.Count > 0;
        writer.WriteStartArray(isBin ? PrefixesMember : PathsMember);
        foreach (string text in isBin ? PathHashPrefixes : Paths)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
        writer.WriteBoolean("terminating", Terminating);
        writer.WriteEndObject();
    }
}
