using System.Text.Json;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Metadata;

/// <summary>Who may list the targets of a product (TUF 1.0.34 section 4.5).</summary>
public sealed class DelegatedRole
{
    /// <summary>Makes a delegation.</summary>
    /// <exception cref="RejectedException">The name is no product name, or a pattern is unsafe.</exception>
    public DelegatedRole(string name, RoleKeys keys, IReadOnlyList<string> paths, bool terminating)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(paths);

        // The name becomes a file name, and must not shadow a top-level role (A15).
        Name = ProductName.TryParse(name, out _)
            ? name
            : throw new RejectedException(RejectionReason.UnsafePath, "the name of a delegated role: wanted a product name, got another");
        Paths = paths.Count > 0
            ? [.. paths]
            : throw new RejectedException(RejectionReason.ValueOutOfRange, $"\"paths\" of {name}: wanted at least 1, got none");
        foreach (string pattern in Paths)
        {
            TargetPath.DemandPattern(pattern);
        }

        Keys = keys;
        Terminating = terminating;
    }

    /// <summary>The role's name, which is a product's.</summary>
    public string Name { get; }

    /// <summary>Who signs it.</summary>
    public RoleKeys Keys { get; }

    /// <summary>The patterns of the paths that it may list; '*' and '?' match within a segment.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>Whether later delegations are not asked for a path that this one may list.</summary>
    public bool Terminating { get; }

    /// <summary>Whether the role may list <paramref name="path"/>.</summary>
    public bool Covers(string path) => Paths.Any(pattern => TargetPath.Matches(path, pattern));

    internal static DelegatedRole Read(JsonElement role, IReadOnlyDictionary<KeyId, VerificationKey> keys) =>
        new(role.Text("name"), KeyJson.ReadRole(role, keys), role.Texts("paths"), role.Flag("terminating"));

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name", Name);
        KeyJson.WriteRole(writer, Keys);
        writer.WriteStartArray("paths");
        foreach (string pattern in Paths)
        {
            writer.WriteStringValue(pattern);
        }

        writer.WriteEndArray();
        writer.WriteBoolean("terminating", Terminating);
        writer.WriteEndObject();
    }
}
