using System.Formats.Cbor;
using Fota.Manifest.Encoding;

namespace Fota.Manifest.Suit;

/// <summary>Reads and writes a SUIT_Manifest and its members.</summary>
internal static class SuitManifestFormat
{
    public static SuitManifest Decode(ReadOnlyMemory<byte> bytes) => CborDoor.Decode(bytes, "manifest", static reader =>
    {
        ulong? version = null, sequence = null;
        SuitCommon? common = null;
        List<SuitMember> members = [];
        reader.ReadMap("manifest", number =>
        {
            switch (number)
            {
                case SuitNumbers.ManifestVersion:
                    version = reader.ReadUInt64();
                    break;
                case SuitNumbers.SequenceNumber:
                    sequence = reader.ReadUInt64();
                    break;
                case SuitNumbers.Common:
                    common = CborDoor.Decode(reader.ReadByteString(), "common", ReadCommon);
                    break;
                default:
                    members.Add(new SuitMember(number, ReadMember(reader, number)));
                    break;
            }
        });
        return new SuitManifest(
            CborDoor.Require(version, "manifest: version"),
            CborDoor.Require(sequence, "manifest: sequence number"),
            CborDoor.Require(common, "manifest: common"),
            members);
    });

    public static byte[] Encode(SuitManifest manifest) => SuitCbor.Item(writer => writer.WriteMap(
    [
        (SuitNumbers.ManifestVersion, w => w.WriteUInt64(manifest.Version)),
        (SuitNumbers.SequenceNumber, w => w.WriteUInt64(manifest.Sequence)),
        (SuitNumbers.Common, w => w.WriteByteString(SuitCbor.Item(c => WriteCommon(c, manifest.Common)))),
        .. manifest.Members.Select(static member => (member.Number, (Action<CborWriter>)(w => WriteContent(w, member.Content)))),
    ]));

    /// <summary>Reads a member of the manifest, or the severed member of the same number beside it.</summary>
    public static SuitContent ReadMember(CborReader reader, long number)
    {
        string what = $"member {number}";
        if (number == SuitNumbers.ManifestComponentId)
        {
            return new SuitContent.Identifier(ComponentId.Read(reader));
        }

        return reader.PeekState() switch
        {
            CborReaderState.StartArray => new SuitContent.Severed(SuitDigest.Read(reader, what)),
            CborReaderState.ByteString when SuitNumbers.IsSequence(number) => new SuitContent.Commands(SuitSequence.Decode(reader.ReadByteString(), what)),
            CborReaderState.ByteString when number == SuitNumbers.Text => new SuitContent.Text(SuitText.Decode(reader.ReadByteString())),
            _ => new SuitContent.Other(SuitValue.Read(reader)),
        };
    }

    public static void WriteContent(CborWriter writer, SuitContent content)
    {
        switch (content)
        {
            case SuitContent.Commands commands:
                writer.WriteByteString(SuitSequence.Encode(commands.Content));
                break;
            case SuitContent.Text text:
                writer.WriteByteString(text.Content.Encode());
                break;
            case SuitContent.Severed severed:
                severed.Digest.Write(writer);
                break;
            case SuitContent.Identifier identifier:
                identifier.Component.Write(writer);
                break;
            case SuitContent.Other other:
                other.Content.Write(writer);
                break;
            default:
                throw new InvalidOperationException("the set of contents is closed");
        }
    }

    private static SuitCommon ReadCommon(CborReader reader)
    {
        List<SuitDependency>? dependencies = null;
        List<ComponentId>? components = null;
        IReadOnlyList<SuitCommand>? shared = null;
        List<SuitParameter> others = [];
        reader.ReadMap("common", number =>
        {
            switch (number)
            {
                case SuitNumbers.Dependencies:
                    List<SuitDependency> read = dependencies = [];
                    reader.ReadMap("dependencies", index => read.Add(ReadDependency(reader, index)));
                    break;
                case SuitNumbers.Components:
                    List<ComponentId> found = components = [];
                    reader.ReadArray("components", DecodeLimits.Items, _ => found.Add(ComponentId.Read(reader)));
                    break;
                case SuitNumbers.SharedSequence:
                    shared = SuitSequence.Decode(reader.ReadByteString(), "shared sequence");
                    break;
                default:
                    others.Add(new SuitParameter(number, SuitValue.Read(reader)));
                    break;
            }
        });
        return new SuitCommon(dependencies, components, shared, others);
    }

    private static void WriteCommon(CborWriter writer, SuitCommon common)
    {
        List<(long, Action<CborWriter>)> fields = [.. common.Others.Select(static other => (other.Number, (Action<CborWriter>)other.Value.Write))];
        if (common.Dependencies is { } dependencies)
        {
            fields.Add((SuitNumbers.Dependencies, w => w.WriteMap(dependencies.Select(static item => (item.Index, (Action<CborWriter>)(d => WriteDependency(d, item)))))));
        }

        if (common.Components is { } components)
        {
            fields.Add((SuitNumbers.Components, w => w.WriteArray(components, static (c, id) => id.Write(c))));
        }

        if (common.SharedSequence is { } shared)
        {
            fields.Add((SuitNumbers.SharedSequence, w => w.WriteByteString(SuitSequence.Encode(shared))));
        }

        writer.WriteMap(fields);
    }

    private static SuitDependency ReadDependency(CborReader reader, long index)
    {
        ComponentId? prefix = null;
        List<SuitParameter> others = [];
        reader.ReadMap("dependency", number =>
        {
            if (number == SuitNumbers.DependencyPrefix)
            {
                prefix = ComponentId.Read(reader);
            }
            else
            {
                others.Add(new SuitParameter(number, SuitValue.Read(reader)));
            }
        });
        return new SuitDependency(index, prefix, others);
    }

    private static void WriteDependency(CborWriter writer, SuitDependency dependency)
    {
        List<(long, Action<CborWriter>)> fields = [.. dependency.Others.Select(static other => (other.Number, (Action<CborWriter>)other.Value.Write))];
        if (dependency.Prefix is { } prefix)
        {
            fields.Add((SuitNumbers.DependencyPrefix, prefix.Write));
        }

        writer.WriteMap(fields);
    }
}
