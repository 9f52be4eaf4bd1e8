using System.Formats.Cbor;

namespace Fota.Manifest.Encoding;

/// <summary>
/// Reads a SUIT_Manifest of our profile (docs/spec/manifest.md). Every layer must be deterministic CBOR; every field and command of the
/// profile must be there, and nothing else: what a device would not act upon is refused, not ignored.
/// </summary>
internal static class ManifestDecoder
{
    public static UpdateManifest Decode(ReadOnlyMemory<byte> bytes)
    {
        long? version = null;
        ulong? sequence = null;
        byte[]? common = null, validate = null, install = null;
        Layer(bytes, "manifest", reader => reader.ReadMap("manifest", key =>
        {
            switch (key)
            {
                case SuitNumbers.ManifestVersion:
                    version = reader.ReadInt64();
                    break;
                case SuitNumbers.SequenceNumber:
                    sequence = reader.ReadUInt64();
                    break;
                case SuitNumbers.Common:
                    common = reader.ReadByteString();
                    break;
                case SuitNumbers.Validate:
                    validate = reader.ReadByteString();
                    break;
                case SuitNumbers.Install:
                    install = ReadInline(reader, "install");
                    break;
                default:
                    throw Unsupported($"manifest: element {key}");
            }
        }));
        if (CborDoor.Require(version, "manifest version") != 1)
        {
            throw new RejectedException(RejectionReason.WrongDocument, $"manifest version: wanted 1, got {version}");
        }

        Fields fields = new();
        ReadCommon(CborDoor.Require(common, "manifest: common"), fields);
        ReadValidate(CborDoor.Require(validate, "manifest: validate"));
        ReadInstall(CborDoor.Require(install, "manifest: install"), fields);
        return fields.ToManifest(new SequenceNumber(CborDoor.Require(sequence, "sequence number")));
    }

    /// <summary>SUIT_Digest; only SHA-256 is taken (A25).</summary>
    public static Sha256Digest DecodeDigest(ReadOnlyMemory<byte> bytes, string what) => CborDoor.Decode(bytes, what, reader =>
    {
        byte[]? digest = null;
        reader.ReadArray(what, 2, index =>
        {
            if (index == 1)
            {
                digest = reader.ReadByteString();
            }
            else if (reader.ReadInt64() is long algorithm and not SuitNumbers.Sha256)
            {
                throw new RejectedException(RejectionReason.UnsupportedDigest, $"{what}: wanted SHA-256 ({SuitNumbers.Sha256}), got algorithm {algorithm}");
            }
        });
        return Sha256Digest.FromBytes(CborDoor.Require(digest, $"{what}: the digest"));
    });

    private static void ReadCommon(byte[] bytes, Fields fields)
    {
        bool components = false;
        byte[]? shared = null;
        Layer(bytes, "common", reader => reader.ReadMap("common", key =>
        {
            switch (key)
            {
                case SuitNumbers.Components:
                    ReadComponents(reader);
                    components = true;
                    break;
                case SuitNumbers.SharedSequence:
                    shared = reader.ReadByteString();
                    break;
                default:
                    throw Unsupported($"common: element {key}");
            }
        }));
        if (!components)
        {
            throw new RejectedException(RejectionReason.MissingField, "common: components is missing");
        }

        List<long> commands = ReadSequence(CborDoor.Require(shared, "common: shared sequence"), "shared sequence", (reader, key) => fields.ReadShared(reader, key));
        long[] wanted = [SuitNumbers.DirectiveOverrideParameters, SuitNumbers.ConditionVendor, SuitNumbers.ConditionClass];
        Expect(commands, fields.HasDevice ? [.. wanted, SuitNumbers.ConditionDevice] : wanted, "shared sequence");
    }

    private static void ReadValidate(byte[] bytes) =>
        Expect(ReadSequence(bytes, "validate", static (_, key) => throw Unsupported($"validate: parameter {key}")), [SuitNumbers.ConditionImageMatch], "validate");

    private static void ReadInstall(byte[] bytes, Fields fields)
    {
        List<long> commands = ReadSequence(bytes, "install", (reader, key) => fields.ReadInstall(reader, key));
        Expect(commands, [SuitNumbers.DirectiveOverrideParameters, SuitNumbers.DirectiveFetch, SuitNumbers.ConditionImageMatch], "install");
    }

    private static void ReadComponents(CborReader reader)
    {
        int components = 0;
        reader.ReadArray("components", DecodeLimits.Items, _ => reader.ReadArray("component identifier", DecodeLimits.Items, part =>
        {
            components++;
            if (part > 0 || !reader.ReadByteString().AsSpan().SequenceEqual(SuitNumbers.ComponentIdentifier))
            {
                throw Unsupported("components: a component other than [h'00']");
            }
        }));
        if (components != 1)
        {
            throw Unsupported($"components: wanted one, got {components}");
        }
    }

    /// <summary>Reads a command sequence: pairs of command and argument. Arguments of conditions and of fetch are reporting policies.</summary>
    private static List<long> ReadSequence(byte[] bytes, string what, Action<CborReader, long> parameter)
    {
        List<long> commands = [];
        Layer(bytes, what, reader => reader.ReadArray(what, DecodeLimits.Items, index =>
        {
            if (index % 2 == 0)
            {
                commands.Add(reader.ReadInt64());
            }
            else if (commands[^1] == SuitNumbers.DirectiveOverrideParameters)
            {
                reader.ReadMap(what, key => parameter(reader, key));
            }
            else if (reader.PeekState() != CborReaderState.UnsignedInteger)
            {
                // A command with another kind of argument (try-each, run-sequence, ...) is none of ours; Expect refuses it by number.
                reader.SkipValue();
            }
            else if (reader.ReadUInt64() > SuitNumbers.ReportAlways)
            {
                throw new RejectedException(RejectionReason.ValueOutOfRange, $"{what}: a reporting policy above {SuitNumbers.ReportAlways}");
            }
        }));
        return commands;
    }

    private static void Expect(List<long> commands, long[] wanted, string what)
    {
        if (!commands.SequenceEqual(wanted))
        {
            string got = string.Join(", ", commands);
            throw commands.Count < wanted.Length && commands.All(wanted.Contains)
                ? new RejectedException(RejectionReason.MissingField, $"{what}: wanted commands {string.Join(", ", wanted)}, got {got}")
                : Unsupported($"{what}: wanted commands {string.Join(", ", wanted)}, got {got}");
        }
    }

    private static byte[] ReadInline(CborReader reader, string what) => reader.PeekState() == CborReaderState.StartArray
        ? throw Unsupported($"{what}: severed")
        : reader.ReadByteString();

    private static void Layer(ReadOnlyMemory<byte> bytes, string what, Action<CborReader> read)
    {
        DeterministicCbor.Require(bytes.Span, what);
        CborDoor.Decode(bytes, what, reader =>
        {
            read(reader);
            return true;
        });
    }

    internal static RejectedException Unsupported(string what) => new(RejectionReason.Unsupported, $"{what} is not in our profile");

    /// <summary>The parameters, as they come in; what is missing at the end is refused by name.</summary>
    private sealed class Fields
    {
        private Guid? _vendor, _class, _device;
        private Sha256Digest? _image, _table;
        private long? _imageSize, _tableSize;
        private uint? _security;
        private string? _uri, _release;

        public bool HasDevice => _device is not null;

        public void ReadShared(CborReader reader, long key)
        {
            switch (key)
            {
                case SuitNumbers.ParameterVendor:
                    _vendor = ReadUuid(reader, "vendor id");
                    break;
                case SuitNumbers.ParameterClass:
                    _class = ReadUuid(reader, "class id");
                    break;
                case SuitNumbers.ParameterDevice:
                    _device = ReadUuid(reader, "device id");
                    break;
                case SuitNumbers.ParameterImageDigest:
                    byte[] digest = reader.ReadByteString();
                    DeterministicCbor.Require(digest, "image digest");
                    _image = DecodeDigest(digest, "image digest");
                    break;
                case SuitNumbers.ParameterImageSize:
                    _imageSize = reader.ReadInt64();
                    break;
                default:
                    throw Unsupported($"shared sequence: parameter {key}");
            }
        }

        public void ReadInstall(CborReader reader, long key)
        {
            switch (key)
            {
                case SuitNumbers.ParameterUri:
                    _uri = reader.ReadTextString();
                    break;
                case SuitNumbers.ParameterFetchArguments:
                    byte[] arguments = reader.ReadByteString();
                    Layer(arguments, "fetch arguments", inner => inner.ReadMap("fetch arguments", field => ReadFetchArgument(inner, field)));
                    break;
                default:
                    throw Unsupported($"install: parameter {key}");
            }
        }

        public UpdateManifest ToManifest(SequenceNumber sequence) => new()
        {
            Sequence = sequence.Value > 0 ? sequence : throw new RejectedException(RejectionReason.ValueOutOfRange, "sequence number: wanted at least 1, got 0"),
            VendorId = CborDoor.Require(_vendor, "vendor id"),
            ClassId = CborDoor.Require(_class, "class id"),
            DeviceId = _device,
            ImageDigest = CborDoor.Require(_image, "image digest"),
            ImageSize = InRange(CborDoor.Require(_imageSize, "image size"), 1, DecodeLimits.ImageBytes, "image size"),
            PackUri = CheckUri(CborDoor.Require(_uri, "uri")),
            ChunkTableDigest = CborDoor.Require(_table, "chunk table digest"),
            ChunkTableSize = (int)InRange(CborDoor.Require(_tableSize, "chunk table size"), 1, Packs.ChunkTable.MaxEncodedSize, "chunk table size"),
            SecurityVersion = new SecurityVersion(CborDoor.Require(_security, "security version")),
            ReleaseVersion = ReleaseVersion.Parse(CborDoor.Require(_release, "release version")),
        };

        private void ReadFetchArgument(CborReader reader, long key)
        {
            switch (key)
            {
                case SuitNumbers.FetchChunkTableDigest:
                    _table = Sha256Digest.FromBytes(reader.ReadByteString());
                    break;
                case SuitNumbers.FetchChunkTableSize:
                    _tableSize = reader.ReadInt64();
                    break;
                case SuitNumbers.FetchSecurityVersion:
                    _security = reader.ReadUInt32();
                    break;
                case SuitNumbers.FetchReleaseVersion:
                    _release = reader.ReadTextString();
                    break;
                default:
                    throw Unsupported($"fetch arguments: field {key}");
            }
        }

        private static Guid ReadUuid(CborReader reader, string what) => new(reader.ReadFixed(what, 16), bigEndian: true);

        private static long InRange(long value, long low, long high, string what) => value >= low && value <= high
            ? value
            : throw new RejectedException(RejectionReason.ValueOutOfRange, $"{what}: wanted {low} to {high}, got {value}");

        private static string CheckUri(string uri) => uri.Length is > 0 and <= UpdateManifest.MaxUriLength && uri.All(static c => c is > ' ' and <= '~')
            ? uri
            : throw new RejectedException(RejectionReason.ValueOutOfRange, $"uri: wanted 1 to {UpdateManifest.MaxUriLength} visible ASCII characters, got {uri.Length}");
    }
}
