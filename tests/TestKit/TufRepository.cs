using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.TestKit;

/// <summary>
/// A TUF repository as a writer that knows nothing of our profile writes it: indented JSON, lengths and digests only where it likes, key ids and role
/// names of its own. It shares no code with what it tests: canonical form and file names are its own. It is published once when made; to attack with it,
/// change a role and publish that role alone, or replace a file.
/// </summary>
public sealed class TufRepository
{
    private readonly Dictionary<string, JsonObject> _snapshotMeta = new(StringComparer.Ordinal);
    private JsonObject _timestampMeta = [];

    public TufRepository(DateTimeOffset now, Action<TufRepository>? configure = null)
    {
        Now = now;
        foreach (TufRole role in (TufRole[])[Root, Timestamp, Snapshot, Targets])
        {
            role.Keys = [role == Root ? TufKey.Ecdsa() : TufKey.Ed25519()]; // Ed25519: files of one length
            role.Expires = now.AddDays(30);
        }

        configure?.Invoke(this);
        PublishRoot();
        Publish();
    }

    public DateTimeOffset Now { get; }

    /// <summary>Every file by its path in the repository, for example "metadata/1.root.json".</summary>
    public IDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>(StringComparer.Ordinal);

    public TufRole Root { get; } = new("root");

    public TufRole Timestamp { get; } = new("timestamp");

    public TufRole Snapshot { get; } = new("snapshot");

    public TufRole Targets { get; } = new("targets");

    /// <summary>Whether file names carry versions and digests; null leaves the member out, which means no.</summary>
    public bool? ConsistentSnapshot { get; set; } = true;

    /// <summary>Whether snapshot and timestamp state lengths and digests.</summary>
    public bool StatesDigests { get; set; }

    /// <summary>What the snapshot says of a role, to be changed before it is published.</summary>
    public IDictionary<string, JsonObject> SnapshotMeta => _snapshotMeta;

    public byte[] TrustedRoot => Files["metadata/1.root.json"];

    /// <summary>Lists a target in a role, with these digests, and serves its bytes under all of its names.</summary>
    public void AddTarget(TufRole role, string path, byte[] content, params IReadOnlyList<string> hashes)
    {
        ArgumentNullException.ThrowIfNull(role);
        ArgumentNullException.ThrowIfNull(path);
        JsonObject digests = [];
        foreach (string name in hashes is [] ? ["sha256"] : hashes)
        {
            string digest = Convert.ToHexStringLower(name == "sha256" ? SHA256.HashData(content) : SHA512.HashData(content));
            digests[name] = digest;
            Serve(path, digest, content);
        }

        role.Targets[path] = new JsonObject { ["length"] = content.Length, ["hashes"] = digests };
        Files["targets/" + Escape(path, "/")] = content;
    }

    /// <summary>Publishes targets and all roles below, snapshot and timestamp.</summary>
    public void Publish()
    {
        HashSet<TufRole> done = [];
        PublishBelow(Targets, done);
        PublishSnapshot();
        PublishTimestamp();
    }

    public void PublishRoot()
    {
        JsonObject keys = [], roles = [];
        foreach (TufRole role in (TufRole[])[Root, Timestamp, Snapshot, Targets])
        {
            AddKeys(keys, role.Keys);
            roles[role.Name] = RoleJson(role.Keys, role.Threshold);
        }

        JsonObject content = new() { ["keys"] = keys, ["roles"] = roles };
        if (ConsistentSnapshot is { } consistent)
        {
            content["consistent_snapshot"] = consistent;
        }

        byte[] file = Sign(Root, "root", content);
        Files[$"metadata/{Root.Version}.root.json"] = file;
    }

    /// <summary>Gives a top-level role new keys, in a new root that the old root keys sign.</summary>
    public void Rotate(TufRole role, params IReadOnlyList<TufKey> keys)
    {
        ArgumentNullException.ThrowIfNull(role);
        IReadOnlyList<TufKey> old = Root.Signers;
        role.Keys = keys;
        role.ResetSigners();
        Root.Signers = [.. old.Concat(Root.Keys).DistinctBy(static key => key.Id, StringComparer.Ordinal)];
        PublishRoot();
        Root.ResetSigners();
    }

    public void PublishTargets(TufRole role)
    {
        ArgumentNullException.ThrowIfNull(role);
        JsonObject content = new() { ["targets"] = role.Targets.DeepClone() };
        if (role.Delegations.Count > 0)
        {
            content["delegations"] = DelegationsJson(role);
        }

        _snapshotMeta[role.Name + ".json"] = Put(role, "targets", content);
    }

    public void PublishSnapshot()
    {
        JsonObject meta = [];
        foreach ((string name, JsonObject entry) in _snapshotMeta)
        {
            meta[name] = entry.DeepClone();
        }

        _timestampMeta = Put(Snapshot, "snapshot", new JsonObject { ["meta"] = meta });
    }

    public void PublishTimestamp() => Put(Timestamp, "timestamp", new JsonObject { ["meta"] = new JsonObject { ["snapshot.json"] = _timestampMeta.DeepClone() } });

    /// <summary>The newest file of a role.</summary>
    public byte[] Current(TufRole role) => Files[PathOf(role)];

    /// <summary>Where the newest file of a role is served.</summary>
    public string PathOf(TufRole role)
    {
        ArgumentNullException.ThrowIfNull(role);
        bool versioned = role == Root || (role != Timestamp && ConsistentSnapshot is true);
        return $"metadata/{(versioned ? $"{role.Version}." : "")}{Escape(role.Name, "")}.json";
    }

    /// <summary>A new client that trusts the first root, has walked to the newest one, and taken the newest files up to those of <paramref name="last"/>.</summary>
    public TrustedMetadataSet Client(TufRole last)
    {
        TrustedMetadataSet client = TrustedMetadataSet.Start(TrustedRoot, Now, MetadataProfile.Tuf).OrThrow();
        while (Files.TryGetValue($"metadata/{client.Root.Version + 1}.root.json", out byte[]? root))
        {
            client.UpdateRoot(root).OrThrow();
        }

        foreach ((TufRole role, Action take) in ((TufRole, Action)[])
        [
            (Root, static () => { }),
            (Timestamp, () => client.UpdateTimestamp(Current(Timestamp)).OrThrow()),
            (Snapshot, () => client.UpdateSnapshot(Current(Snapshot)).OrThrow()),
            (Targets, () => client.UpdateTargets(Current(Targets)).OrThrow()),
        ])
        {
            take();
            if (role == last)
            {
                break;
            }
        }

        return client;
    }

    /// <summary>OLPC canonical JSON: what TUF signs.</summary>
    public static byte[] Canonical(JsonNode? node)
    {
        StringBuilder text = new();
        Write(node, text);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Write(JsonNode? node, StringBuilder text)
    {
        switch (node)
        {
            case JsonObject members:
                text.Append('{').AppendJoin(',', members.OrderBy(static member => member.Key, StringComparer.Ordinal).Select(static member => Text(member.Key) + ":" + Encoding.UTF8.GetString(Canonical(member.Value)))).Append('}');
                break;
            case JsonArray items:
                text.Append('[').AppendJoin(',', items.Select(static item => Encoding.UTF8.GetString(Canonical(item)))).Append(']');
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                text.Append(Text((string)value!));
                break;
            default:
                text.Append(node?.ToJsonString() ?? "null");
                break;
        }
    }

    private static string Text(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    // As Python's quote: what a role's file is called in the field.
    private static string Escape(string text, string safe) => string.Concat(Encoding.UTF8.GetBytes(text).Select(b =>
        char.IsAsciiLetterOrDigit((char)b) || "_.-~".Contains((char)b, StringComparison.Ordinal) || safe.Contains((char)b, StringComparison.Ordinal) ? ((char)b).ToString() : $"%{b:X2}"));

    private void PublishBelow(TufRole role, HashSet<TufRole> done)
    {
        if (done.Add(role))
        {
            foreach (TufDelegation delegation in role.Delegations)
            {
                PublishBelow(delegation.Role, done);
            }

            PublishTargets(role);
        }
    }

    private void Serve(string path, string digest, byte[] content)
    {
        int name = path.LastIndexOf('/') + 1;
        Files[$"targets/{Escape(path[..name], "/")}{digest}.{Escape(path[name..], "")}"] = content;
    }

    private JsonObject Put(TufRole role, string type, JsonObject content)
    {
        byte[] file = Sign(role, type, content);
        Files[PathOf(role)] = file;
        JsonObject meta = new() { ["version"] = role.Version };
        if (StatesDigests)
        {
            meta["length"] = file.Length;
            meta["hashes"] = new JsonObject { ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(file)) };
        }

        return meta;
    }

    private static byte[] Sign(TufRole role, string type, JsonObject content)
    {
        content["_type"] = type;
        content["spec_version"] = "1.0.31";
        content["version"] = ++role.Version;
        content["expires"] = role.Expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        role.Change?.Invoke(content);
        byte[] message = Canonical(content);
        JsonArray signatures = [];
        foreach (TufKey key in role.Signers)
        {
            signatures.Add(new JsonObject { ["keyid"] = key.Id, ["sig"] = key.Sign(message) });
        }

        JsonObject file = new() { ["signatures"] = signatures, ["signed"] = content };
        role.Spoil?.Invoke(file);
        return Encoding.UTF8.GetBytes(file.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    private static JsonObject DelegationsJson(TufRole delegator)
    {
        JsonObject keys = [];
        JsonArray roles = [];
        foreach (TufDelegation delegation in delegator.Delegations)
        {
            IReadOnlyList<TufKey> own = delegation.Role.KeysBy(delegator);
            AddKeys(keys, own);
            JsonObject role = RoleJson(own, delegation.Role.Threshold);
            role["name"] = delegation.Role.Name;
            role["terminating"] = delegation.Terminating;
            Add(role, "paths", delegation.Paths);
            Add(role, "path_hash_prefixes", delegation.PathHashPrefixes);
            roles.Add(role);
        }

        return new JsonObject { ["keys"] = keys, ["roles"] = roles };
    }

    private static void Add(JsonObject role, string name, IReadOnlyList<string>? texts)
    {
        if (texts is not null)
        {
            role[name] = new JsonArray([.. texts.Select(static text => (JsonNode)text)]);
        }
    }

    private static void AddKeys(JsonObject keys, IEnumerable<TufKey> own)
    {
        foreach (TufKey key in own)
        {
            keys[key.Id] = key.Json.DeepClone();
        }
    }

    private static JsonObject RoleJson(IEnumerable<TufKey> keys, int threshold) => new()
    {
        ["keyids"] = new JsonArray([.. keys.Select(static key => (JsonNode)key.Id)]),
        ["threshold"] = threshold,
    };
}
