"""FHIR R4 Claims as text: templates that are rendered once, with places for what differs from claim to claim."""

from __future__ import annotations

import json
from typing import Any

PLACE = "%s"
NUMBER = "@number@"  # a place without quotes

CODE_SYSTEM = "http://terminology.hl7.org/CodeSystem"
SNOMED = "http://snomed.info/sct"
CVX = "http://hl7.org/fhir/sid/cvx"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SYNTHEA = "https://github.com/synthetichealth/synthea"

ENCOUNTERS = (
    ("162673000", "General examination of patient (procedure)"),
    ("185345009", "Encounter for symptom"),
    ("185347001", "Encounter for problem"),
    ("185349003", "Encounter for check up (procedure)"),
    ("410620009", "Well child visit (procedure)"),
    ("390906007", "Follow-up encounter"),
    ("50849002", "Emergency room admission (procedure)"),
    ("424441002", "Prenatal initial visit"),
)
VACCINES = (
    ("140", "Influenza, seasonal, injectable, preservative free"),
    ("113", "Td (adult) preservative free"),
    ("133", "Pneumococcal conjugate PCV 13"),
    ("33", "pneumococcal polysaccharide vaccine, 23 valent"),
    ("121", "zoster"),
    ("114", "meningococcal MCV4P"),
    ("115", "Tdap"),
    ("52", "Hep A, adult"),
)
CONDITIONS = (
    ("10509002", "Acute bronchitis (disorder)"),
    ("195662009", "Acute viral pharyngitis (disorder)"),
    ("444814009", "Viral sinusitis (disorder)"),
    ("59621000", "Hypertension"),
    ("15777000", "Prediabetes"),
    ("44054006", "Diabetes"),
    ("40055000", "Chronic sinusitis (disorder)"),
    ("162864005", "Body mass index 30+ - obesity (finding)"),
)
PROCEDURES = (
    ("430193006", "Medication Reconciliation (procedure)"),
    ("23426006", "Measurement of respiratory function (procedure)"),
    ("117015009", "Throat culture (procedure)"),
    ("399208008", "Plain chest X-ray (procedure)"),
    ("73761001", "Colonoscopy"),
    ("274474001", "Bone immobilization"),
    ("76601001", "Intramuscular injection"),
    ("265764009", "Renal dialysis (procedure)"),
)
DRUGS = (
    ("313782", "Acetaminophen 325 MG Oral Tablet"),
    ("308136", "amLODIPine 2.5 MG Oral Tablet"),
    ("314076", "lisinopril 10 MG Oral Tablet"),
    ("860975", "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet"),
    ("310965", "Ibuprofen 200 MG Oral Tablet"),
    ("849574", "Naproxen sodium 220 MG Oral Tablet"),
    ("562251", "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet"),
    ("312961", "Simvastatin 20 MG Oral Tablet"),
)


class ClaimText:
    """Templates of the parts of a claim within a list, indented (4) or compact (0)."""

    def __init__(self, indent: int) -> None:
        self._indent = indent
        self.start, self.between, self.end = "[" + self._line(1), "," + self._line(1), self._line(0) + "]"
        self.institutional, self.pharmacy = self._head("institutional"), self._head("pharmacy")
        self._arrays = {
            name: f',{self._line(2)}"{name}":{" " if indent else ""}['
            for name in ("supportingInfo", "diagnosis", "procedure", "item")
        }
        self._array_end = self._line(2) + "]"
        self.supporting = self._element(
            {
                "sequence": NUMBER,
                "category": _coding(f"{CODE_SYSTEM}/claiminformationcategory", "info"),
                "valueReference": {"reference": f"urn:uuid:{PLACE}"},
            }
        )
        self.diagnosis = self._element({"sequence": NUMBER, "diagnosisReference": {"reference": f"urn:uuid:{PLACE}"}})
        self.procedure = self._element({"sequence": NUMBER, "procedureReference": {"reference": f"urn:uuid:{PLACE}"}})
        self.insurance = self._field("insurance", [{"sequence": 1, "focal": True, "coverage": {"display": PLACE}}])
        self.encounters = [self._first_item(SNOMED, *code) for code in ENCOUNTERS]
        self.drugs = [self._first_item(RXNORM, *code) for code in DRUGS]
        self.vaccines = [self._costed("informationSequence", CVX, *code) for code in VACCINES]
        self.procedures = [self._costed("procedureSequence", SNOMED, *code) for code in PROCEDURES]
        self.conditions = [
            self._element({"sequence": NUMBER, "diagnosisSequence": [NUMBER], **_product(SNOMED, *code)})
            for code in CONDITIONS
        ]
        self.total = self._field("total", {"value": NUMBER, "currency": "USD"}) + self._line(1) + "}"
        self.total_without_value = self._field("total", {"currency": "USD"}) + self._line(1) + "}"

    def array(self, name: str, elements: list[str]) -> str:
        """A field of the claim that is a list."""
        if not elements:
            return f"{self._arrays[name]}]"
        return f"{self._arrays[name]}{','.join(elements)}{self._array_end}"

    def _head(self, kind: str) -> str:
        claim: dict[str, Any] = {
            "resourceType": "Claim",
            "id": PLACE,
            "status": "active",
            "type": _coding(f"{CODE_SYSTEM}/claim-type", kind),
            "use": "claim",
            "patient": {"reference": f"urn:uuid:{PLACE}", "display": PLACE},
            "billablePeriod": {"start": PLACE, "end": PLACE},
            "created": PLACE,
            "provider": {"reference": f"Organization?identifier={SYNTHEA}|{PLACE}", "display": PLACE},
            "priority": _coding(f"{CODE_SYSTEM}/processpriority", "normal"),
        }
        if kind == "pharmacy":
            claim["prescription"] = {"reference": f"urn:uuid:{PLACE}"}
        else:
            claim["facility"] = {"reference": f"Location?identifier={SYNTHEA}|{PLACE}", "display": PLACE}
        return self._rendered(claim, 1).removesuffix("}").rstrip()

    def _first_item(self, system: str, code: str, display: str) -> str:
        return self._element(
            {
                "sequence": 1,
                **_product(system, code, display),
                "encounter": [{"reference": f"urn:uuid:{PLACE}"}],
            }
        )

    def _costed(self, sequence: str, system: str, code: str, display: str) -> str:
        return self._element(
            {
                "sequence": NUMBER,
                sequence: [NUMBER],
                **_product(system, code, display),
                "net": {"value": NUMBER, "currency": "USD"},
            }
        )

    def _element(self, value: Any) -> str:
        return self._line(3) + self._rendered(value, 3)

    def _field(self, name: str, value: Any) -> str:
        return f',{self._line(2)}"{name}":{" " if self._indent else ""}{self._rendered(value, 2)}'

    def _line(self, level: int) -> str:
        return "\n" + " " * (self._indent * level) if self._indent else ""

    def _rendered(self, value: Any, level: int) -> str:
        if self._indent:
            text = json.dumps(value, indent=self._indent).replace("\n", self._line(level))
        else:
            text = json.dumps(value, separators=(",", ":"))
        return text.replace(f'"{NUMBER}"', PLACE)


def _coding(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _product(system: str, code: str, display: str) -> dict[str, Any]:
    coding = {"system": system, "code": code, "display": display}
    return {"productOrService": {"coding": [coding], "text": display}}
