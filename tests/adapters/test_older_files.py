"""Files as older versions of the studio wrote them, byte for byte."""

import base64
import math
import zlib

import pytest
import torch
from torch import nn

from vera_studio.adapters import adapter_file
from vera_studio.adapters.classes import Classes
from vera_studio.adapters.gains import gains
from vera_studio.recipe import AdapterSettings

WEIGHTS = "the pretrained ConvNet"
# The file, packed; the settings in it; the outputs of `Branches` for each input alone, as the
# version that wrote the file computed them: with rank 1 there are no sums to round.
OLD = {
    "version 1": (
        "c-oayZHn745H0i~LBE|~N&b)nEtG|YLg|nGT^lo!#)%upHnx%yLJqRMOZNo3ck0N_(n8uo1s-ek<~@0y<n7xx(>S"
        "xT+@k{v4$6|P&#dZ(Jvg>zM;u@|x`VB|CE>lpfdyB%Byg;|mdZFSlESvLR}SR^w7V-bB6=XEsV(cab~QAVhbs>@a"
        "3UQ_A9B{Un6n^f?pv3$f<V*2IF>E!@mc{BuBT|GXs0;ys+px>#M0Iq9DNTNBF_v!rBWG&BGVu+j-(0`Wg@PW)*;$"
        "BRWg;z#IX{}a->2fDrr#&66}ZWD;h`5j=ywmTqPg{qQ=y4X+<V06#^x(lprKmmCbae0V12mM)Nd@w9R;GlT1q<k*"
        "*tn>}WTncBW3q|D3IJcK7lA!<Quwr=D6QH-_B=xGgUF0Vf*T#a-7PKcky1gJFYiq_Wwig4TA3ec2Id@ay3!io8>O"
        "XSP01ypc#}iJla$;@}TY@yei@nC3@lYWhxcq6A|O1DMk!opK=whKg>;ESGxzZD<coQ(V|3@Q1z9{<c|n>X9tCm)`"
        "4f3qE^@iePf2?5b*{&b(;Alj6#>e`oSrCQkwpdMbJOuT8}*RfK_1uhjqBRj5FU;&NHc<K_9&)64VoyYG*WPyWCA?"
        "fstCfBXc0SQdo",
        AdapterSettings(rank=1, seed=5, layers=("one", "two")),
        (
            (
                -0.0025248005986213684,
                0.25719520449638367,
                0.32008326053619385,
                0.8125,
                0.3125,
                0.5400148034095764,
            ),
            (
                0.15017692744731903,
                0.3964134454727173,
                0.7188612222671509,
                0.875,
                0.375,
                0.5626533031463623,
            ),
            (
                0.18822582066059113,
                0.4381173253059387,
                0.6902058720588684,
                0.9375,
                0.4375,
                0.6535133123397827,
            ),
        ),
    ),
    "version 2, one pair": (
        "c-oayZHn745H0i~LBE|K%U^P!g|e_vDE-mDYh%XJC~@Q1!B*0Skb`XR(mg@;PCJsbw2-z?fya7!^G2R0`TN^9ew<"
        "iUZP9`T3suFICuaI#3zjX}0SB0mcCVX$PW;Z|z=A7X5ji$}M`?l<slvL~R}J9-x(%U_rX!*w5}N9&=^EQWOPDV_x"
        "rU+XR)nE#3Ab>hx&$8z)^}L2pkVe}U$Bx$)xtPd9c=NM0iLgYR6c4SC!Lv8HH=v4W`(2cDMt)*1z=<raW3*21SWA"
        "Lc`8*LN?F$&b&|;_i=;{tDWndO5~VPaM&Wwh4gFVCmYN@b)lE4iXOJf*PgN4f25Xf;m>ATEHI<5UVPXzihf%5}U<"
        "PR{a@2xDVlwBB9f0idW}K)KI*)=a3wHPM{==7f$bC;8k{iRu6LyWW-GE+(dUn@$htFsy%V1cc9Vu;csid_H;;!mR"
        "G`MxXh-2r}u2*Y^Q)eX7*`gEiMH2ksDPI+olhFJCZA0HlPE?@OegJj!rL#~(M1!FlGnLDn{x)>`wk^->9Js??)b9"
        "3ad)y&ea36{3emL|Hmw|Vr>WvwxGgmYS)AFj+e^-XL$}kNCcT)25Uz>_sso;T-uhRe9RmdO`<@r3D#`ERV)AQx>?"
        "#JWfllu>Ud%vgkpD&!V8<7",
        AdapterSettings(rank=1, seed=5, layers=("one", "two"), sharing="all"),
        (
            (
                -0.0025248005986213684,
                0.25719520449638367,
                0.32008326053619385,
                0.8125,
                0.3125,
                0.5071951746940613,
            ),
            (
                0.15017692744731903,
                0.3964134454727173,
                0.7188612222671509,
                0.875,
                0.375,
                0.6464134454727173,
            ),
            (
                0.18822582066059113,
                0.4381173253059387,
                0.6902058720588684,
                0.9375,
                0.4375,
                0.6881173253059387,
            ),
        ),
    ),
    "version 2, LoRA": (
        "c-oayQEJ;j5H0iqJ%ZWqwUJg*v^J!W1_FiBkN!qt8A&5cSk{Ww+Qk?jB)v;>0_RSdUD;nr3lV5MZ{EC_omu(I=TH"
        "7QGNra?p#lp^vDJ~)+HAqH72BhM`Dk}ltLMZI77gPUS`j(6x~DWjL8{Q`ia@6g5H`?n2!-U1h>l3eg>Gno{9xfw2"
        "M4M_@G)b$$Bgle+21;2Igw=t<EVPr;w1w-UwB)3TX{R_>Pc0=h^lJWIJ)yM5yNE(P|Gw50<kPWU=l|%xRGTXN?8;"
        "ER!J(OG?HbKNFl2bDN%|#s!+JOtbw*~`!!WNQb*cR##R}-|Ne0IYaRx^caL;xv+;y&a5fn9GOT9zy5IjqJB<crjd"
        "rB8X_}m38^l3r5*Zf{7IEw*8g$t>eB%a2+BZ58EsekP=2r#fB;@a*Yw4VHH44gdXP`Xz(rG9nqM@c+oXVw6|JL-o"
        "uFFsC#NDMV?%Wqq*~5Uef``cMWNg5p$B;)k_d8L#u1A{9mF1zxFWPVa*2X-1s|^Jg(urxGA8srpkAtiDKb^&Uo#T"
        "MV)cG`<&Hg++J-hz}{eFEp|9E~mpKq@*^8ZrI$FDiBC(i*9",
        AdapterSettings(rank=1, seed=5, layers=("one", "two"), method="lora", alpha=0.5),
        (
            (
                0.0925000011920929,
                0.29750001430511475,
                0.6075000166893005,
                0.8125,
                0.3125,
                0.5475000143051147,
            ),
            (0.125, 0.375, 0.625, 0.875, 0.375, 0.6549999713897705),
            (
                0.1574999988079071,
                0.45249998569488525,
                0.6424999833106995,
                0.9375,
                0.4375,
                0.6575000286102295,
            ),
        ),
    ),
    "version 3, all weights of one": (
        "c-n<hON!e-5EVH=j$nE%8+|R=Btyc$KsH%qI}%MvDt#DPEu^*wV+=k<mN`fQIZBR_*KH@88JLDwbk(b>?pNL4-#K=jgp"
        "@nhRFNhr#r7m>HSI`?tvK*R%USQMPA$QYnkV7jXbE!e)PS@QL3C(U1*hKkJ^Y@I;Nd@JLJgdW9Ko`ud6on1_{LBs+)Nb"
        "Kmey9*vbFWKs-T%=)ipeuJ8hW#O-WRzN$7dOrl5f1C``R|T1I}F7KO)EoTOnArez$bL0b8Y#5AbGih}?R^+es!4Gp@Ta"
        "3XYPVw;KkFAtx;Eq%|PJ+OXO(~~81%ZqVhTgKJmUJZw@tZka6sbM`M?W!h6?1_1l3PqENd#fliibhqo#$Ox3j2W^i@>a"
        "3?3i5vy$ceE(P~YL67`LRd+)q><ZR^AjLeNy>Wv=ZKQ~%Noc$NGN?KfSJj)_CaV1$UXYaVG;bTrGdrJ-T-4=Q~eu@MiU"
        "ncCcv@gAexwKJ2du4iaB$GZMHzx8<Lu4(n#UEJ_xAAjwxqx^hcnB_R1e&Krpm!Ho6b@>4E5gc#<egMCLKY(-RIPZZ4;N"
        "ATNijCEU",
        AdapterSettings(method="full", layers=("one",)),
        (
            (0.015625, 0.328125, 0.640625, 0.953125, 0.3125, 0.5625),
            (0.09375, 0.40625, 0.71875, 1.03125, 0.375, 0.625),
            (0.171875, 0.484375, 0.796875, 1.109375, 0.4375, 0.6875),
        ),
    ),
}


class Branches(nn.Module):
    """Two layers side by side, with the weights that the files are for."""

    def __init__(self):
        super().__init__()
        self.one = nn.Linear(3, 4)
        self.two = nn.Linear(3, 2)
        with torch.no_grad():
            for number, parameter in enumerate(self.parameters()):
                values = torch.arange(parameter.numel()).view(parameter.shape) + number
                parameter.copy_(values / 16)

    def forward(self, x):
        return torch.cat([self.one(x), self.two(x)], dim=1)


@pytest.fixture(params=OLD)
def old(request, tmp_path):
    content, settings, outputs = OLD[request.param]
    path = tmp_path / "old.safetensors"
    path.write_bytes(zlib.decompress(base64.b85decode(content)))
    return path, int(request.param[8]), settings, torch.tensor(outputs)


def test_predicts_bit_for_bit_as_it_did(old):
    path, _, _, expected = old
    network = Branches()
    adapter_file.apply(adapter_file.load(path), network, "abcdef")
    assert torch.equal(network(torch.eye(3)), expected)


def test_tells_what_it_told(old):
    path, version, settings, _ = old
    info = adapter_file.inspect(path)
    assert (info.format_version, info.settings) == (version, settings)
    assert info.classes == Classes.of("abcdef")
    record = info.training
    assert (record.data, record.network, record.targets) == ("CIFAR-10", WEIGHTS, ("a",))
    assert (record.keep_others, record.epochs, record.epoch) == (0.44, 6, 5)
    assert record.validation_accuracy == 0.7123
    assert record.after.per_class[:5] == (0.75,) * 5
    assert math.isnan(record.after.per_class[5])
    found = gains(info)
    assert (found.targets_before, found.targets_after, found.others_after) == (0.5, 0.75, 0.75)


def test_is_written_anew_as_the_present_version(old):
    """As it is when it gets another name in the library."""
    path, _, _, expected = old
    adapter = adapter_file.load(path)
    adapter_file.write(path, adapter)
    again = adapter_file.load(path)
    assert again.info.format_version == adapter_file.FORMAT_VERSION
    assert again.info.training == adapter.info.training
    network = Branches()
    adapter_file.apply(again, network, "abcdef")
    assert torch.equal(network(torch.eye(3)), expected)
