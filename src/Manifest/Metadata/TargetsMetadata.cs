using System.Text.Json;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Metadata;

/// <summary>Which target files there are, and who else may say so (TUF 1.0.34 section 4.5).</summary>
public sealed class TargetsMetadata : MetadataContent
{
    private const string DelegationsMember = "delegations";

    /// <summary>Makes the content of targets metadata.</summary>
    /// <exception cref="RejectedException">A path is unsafe, or two delegations bear one name.</exception>
    public TargetsMetadata(long version, DateTimeOffset expires, IReadOnlyDictionary<string, TargetFile> targets, IReadOnlyList<DelegatedRole> delegations)
        : this(version, expires, targets, delegations, MetadataProfile.Fota)
    {
    }

    private TargetsMetadata(long version, DateTimeOffset expires, IReadOnlyDictionary<string, TargetFile> targets, IReadOnlyList<DelegatedRole> delegations, MetadataProfile profile)
        : base(version, expires)
    {
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(delegations);
        foreach (string path in targets.Keys)
        {
            profile.DemandTargetPath(path);
        }

        if (delegations.DistinctBy(static role => role.Name, StringComparer.Ordinal).Count() != delegations.Count)
        {
            throw new RejectedException(RejectionReason.DuplicateField, "\"delegations\": wanted each role once, got one twice");
        }

        Targets = new Dictionary<string, TargetFile>(targets, StringComparer.Ordinal).AsReadOnly();
        Delegations = [.. delegations];
    }

    /// <summary>By path, for example "infusion-pump/1.0.0/manifest.suit".</summary>
    public IReadOnlyDictionary<string, TargetFile> Targets { get; }

    /// <summary>In the order in which they are asked.</summary>
    public IReadOnlyList<DelegatedRole> Delegations { get; }

    private protected override string TypeName => "targets";

    /// <summary>The delegations that may list <paramref name="path"/>, in the order in which they are asked; none after a terminating one.</summary>
    public IEnumerable<DelegatedRole> RolesFor(string path)
    {
        foreach (DelegatedRole role in Delegations.Where(role => role.Covers(path)))
        {
            yield return role;

            // §5.6.7.2.1
            if (role.Terminating)
            {
                yield break;
            }
        }
    }

    internal static TargetsMetadata Read(JsonElement signed, MetadataProfile profile)
    {
        (long version, DateTimeOffset expires) = ReadHeader(signed, profile);
        Dictionary<string, TargetFile> targets = signed.Object("targets").EnumerateObject()
            .ToDictionary(static member => member.Name, member => profile.ReadTargetFile(member.Value), StringComparer.Ordinal);
        return new(version, expires, targets, signed.TryGetProperty(DelegationsMember, out _) ? ReadDelegations(signed.Object(DelegationsMember), profile) : [], profile);
    }

    private protected override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("targets");
        foreach ((string path, TargetFile file) in Targets)
        {
            file.Write(writer, path);
        }

        writer.WriteEndObject();
        if (Delegations.Count == 0)
        {
            return;
        }

        writer.WriteStartObject(DelegationsMember);
        KeyJson.WriteKeys(writer, Delegations.Select(static role => role.Keys));
        writer.WriteStartArray("roles");
        foreach (DelegatedRole role in Delegations)
        {
            role.Write(writer);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static List<DelegatedRole> ReadDelegations(JsonElement delegations, MetadataProfile profile)
    {
        IReadOnlyDictionary<MetadataKeyId, VerificationKey?> keys = KeyJson.ReadKeys(delegations, profile);
        return [.. delegations.Array("roles").EnumerateArray().Select(role => DelegatedRole.Read(role, keys, profile))];
    }
}
