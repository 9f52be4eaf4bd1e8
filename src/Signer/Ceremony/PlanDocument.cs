namespace Fota.Signer.Ceremony;

/// <summary>ceremony.yaml as it is written; what is absent is null until <see cref="CeremonyPlan"/> has checked it.</summary>
internal sealed class PlanDocument
{
    public int? Version { get; set; }

    /// <summary>"create", or left out.</summary>
    public string? Kind { get; set; }

    public List<KeyPlan>? Keys { get; set; }

    public RolesPlan? Roles { get; set; }

    public List<ProductPlan>? Products { get; set; }

    public List<AuthorityPlan>? Authorities { get; set; }

    public LogPlan? Log { get; set; }
}

/// <summary>The log of all that the signer does.</summary>
internal sealed class LogPlan
{
    public string? Key { get; set; }

    public string? Origin { get; set; }
}

/// <summary>A key to be made, and the token it is made on.</summary>
internal sealed class KeyPlan
{
    public string? Label { get; set; }

    public string? Token { get; set; }

    public string? Algorithm { get; set; }
}

/// <summary>The four top-level roles of TUF.</summary>
internal sealed class RolesPlan
{
    public RolePlan? Root { get; set; }

    public RolePlan? Targets { get; set; }

    public RolePlan? Snapshot { get; set; }

    public RolePlan? Timestamp { get; set; }
}

/// <summary>A role: its keys, how many of them sign, and how long that is good for.</summary>
internal sealed class RolePlan
{
    public List<string>? Keys { get; set; }

    public int? Threshold { get; set; }

    public int? ExpiresDays { get; set; }
}

/// <summary>A product and the role that is delegated to its keys.</summary>
internal sealed class ProductPlan
{
    public string? Name { get; set; }

    public string? VendorDomain { get; set; }

    public string? ClassName { get; set; }

    public int? ChunkSize { get; set; }

    public List<string>? Keys { get; set; }

    public int? Threshold { get; set; }

    public int? ExpiresDays { get; set; }

    public int? HashBins { get; set; }

    public string? Sbom { get; set; }
}

/// <summary>A certificate authority.</summary>
internal sealed class AuthorityPlan
{
    public string? Profile { get; set; }

    public string? Key { get; set; }

    public string? CommonName { get; set; }

    public int? Years { get; set; }
}
